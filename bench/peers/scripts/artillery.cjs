// What Artillery's YAML can't say: whose turn it is, and the law of the balances.
let players = 0;
let journeys = 0;

function takePlayer(context, events, done) {
  context.vars.player = `canary-${players++}`;
  return done();
}

function beginJourney(context, events, done) {
  context.vars.run = `artillery-${process.env.SALT}-${journeys++}`;
  return done();
}

function judge(context, events, done) {
  const { start, funds, end } = context.vars;
  const held =
    funds.cash_minor === start.cash_minor + 100 &&
    end.cash_minor === start.cash_minor &&
    end.total_minor === end.cash_minor + end.bonus_minor + end.locked_minor;
  events.emit('counter', held ? 'journeys.held' : 'journeys.broken', 1);
  return done(held ? undefined : new Error('the law of the balances is broken'));
}

module.exports = { takePlayer, beginJourney, judge };
