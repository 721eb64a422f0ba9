// The journey in k6: USERS virtual users share JOURNEYS journeys.
import { check } from 'k6';
import exec from 'k6/execution';
import http from 'k6/http';

const base = __ENV.BASE;
const JSON_TYPE = { 'Content-Type': 'application/json' };
const AMOUNT = 100;

export const options = {
  scenarios: {
    journeys: { executor: 'shared-iterations', vus: Number(__ENV.USERS), iterations: Number(__ENV.JOURNEYS), maxDuration: '10m' },
  },
  thresholds: { checks: ['rate==1'] },
};

function balance(headers) {
  const answer = http.get(`${base}/wallet/balance`, { headers });
  check(answer, { balance: (r) => r.status === 200 });
  return answer.json();
}

function ledger(headers) {
  check(http.get(`${base}/wallet/ledger`, { headers }), { ledger: (r) => r.status === 200 });
}

function pay(kind, state, key, headers) {
  const asked = JSON.stringify({ amount_minor: AMOUNT, currency: 'EUR', psp: 'psp-a', instrument: 'card_ok' });
  const answer = http.post(`${base}/cashier/${kind}`, asked, { headers: Object.assign({ 'Idempotency-Key': key }, JSON_TYPE, headers) });
  check(answer, { [kind]: (r) => r.status === 202 && r.json('state') === state });
}

export default function () {
  const player = `canary-${exec.vu.idInTest - 1}`;
  const run = `k6-${__ENV.SALT}-${exec.scenario.iterationInTest}`;
  const signing = JSON.stringify({ username: player, password: __ENV.PASSWORD });
  const login = http.post(`${base}/auth/login`, signing, { headers: Object.assign({ 'X-Synthetic-Run': run }, JSON_TYPE) });
  const token = login.json('token');
  check(login, { login: (r) => r.status === 200 && token !== undefined });
  const headers = { Authorization: `Bearer ${token}`, 'X-Synthetic-Run': run };
  const start = balance(headers);
  ledger(headers);
  pay('deposits', 'succeeded', `${run}-deposit`, headers);
  const funds = balance(headers);
  pay('withdrawals', 'paid', `${run}-withdraw`, headers);
  const end = balance(headers);
  ledger(headers);
  check(null, {
    'the deposit is there': () => funds.cash_minor === start.cash_minor + AMOUNT,
    'the withdrawal is gone': () => end.cash_minor === start.cash_minor,
    'the total is the sum': () => end.total_minor === end.cash_minor + end.bonus_minor + end.locked_minor,
  });
}
