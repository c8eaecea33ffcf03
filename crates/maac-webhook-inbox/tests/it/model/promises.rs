//! What is promised, in every order in which the world can act.

use std::{collections::BTreeSet, time::Instant};

use maac_webhook_inbox::{
    State,
    acceptance::{Ending, ModelEntry},
};
use stateright::{Checker, Expectation, Model as Checked, Property};

use super::world::{A_LEASE, AN_AGE, Action, Budget, EVENTS, Flaw, Work, World};

const ACKNOWLEDGED: &str = "what is acknowledged is stored";
const STORED: &str = "what is stored is there, or was handled";
const STORED_ONCE: &str = "an event is stored to be handled once";
const COMPLETED_ONCE: &str = "effects in the transaction of done are there once";

struct Orders {
    budget: Budget,
    flaw: Option<Flaw>,
}

impl Checked for Orders {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World::new(self.budget)]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        let left = &world.left;
        for event in 0..EVENTS {
            if left.tries[event] > 0 && !world.events[event].acknowledged {
                actions.push(Action::Send(event));
            }
        }
        if left.replays > 0 && world.events[0].signed.is_some() {
            actions.push(Action::Replay);
        }
        for (number, request) in world.requests.iter().enumerate() {
            if !request.is_stored {
                actions.push(Action::Store(number));
            }
            if request.is_stored || self.flaw == Some(Flaw::AnswersBeforeItStores) {
                actions.push(Action::Answer(number));
            }
        }
        for (number, work) in world.workers.iter().enumerate() {
            match work {
                // Idle workers are alike.
                None if world.workers[..number].contains(&None) => {}
                None => actions.push(Action::Claim(number)),
                Some(Work { is_handled: false, .. }) => {
                    actions.extend([
                        Action::Handle(number),
                        Action::Complete(number),
                        Action::Extend(number),
                    ]);
                    if left.failures > 0 {
                        actions.push(Action::Settle(number, world.failure(number)));
                    }
                    if left.returns > 0 {
                        actions.push(Action::Settle(number, Ending::Returned));
                    }
                    if self.flaw == Some(Flaw::SettlesBeforeItHandles) {
                        actions.push(Action::Settle(number, Ending::Done));
                    }
                }
                Some(Work { is_handled: true, .. }) => actions.push(Action::Settle(number, Ending::Done)),
            }
        }
        actions.extend([Action::Reap, Action::Prune]);
        if left.crashes > 0 {
            actions.push(Action::Crash);
        }
        if left.persons > 0 {
            let entries = world.store.entries().iter().enumerate();
            let waits = |entry: &Option<ModelEntry>| {
                entry.as_ref().is_some_and(|entry| matches!(entry.state, State::Dead | State::Held))
            };
            actions
                .extend(entries.filter(|(_, entry)| waits(entry)).map(|(number, _)| Action::Retry(number)));
        }
        if left.leases > 0 {
            actions.push(Action::Pass(A_LEASE));
        }
        if left.ages > 0 {
            actions.push(Action::Pass(AN_AGE));
        }
    }

    fn next_state(&self, last: &World, action: Action) -> Option<World> {
        let mut world = last.clone();
        world.act(action, self.flaw);
        (world != *last).then_some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ACKNOWLEDGED, |_, world: &World| {
                world.events.iter().all(|event| !event.acknowledged || event.stored)
            }),
            Property::always(STORED, |_, world: &World| {
                (0..EVENTS).all(|event| {
                    let known = world.events[event];
                    let is_there = world.entries_of(event).any(|entry| entry.state != State::Done);
                    !known.stored || is_there || known.handled
                })
            }),
            Property::always(STORED_ONCE, |_, world: &World| {
                (0..EVENTS).all(|event| {
                    let handled = world.entries_of(event).filter(|entry| entry.state != State::Held);
                    handled.count() <= 1 || world.events[event].retried
                })
            }),
            Property::always(COMPLETED_ONCE, |_, world: &World| {
                world.events.iter().all(|event| event.completed <= 1 || event.retried)
            }),
            Property::always("a claim is one worker's", |_, world: &World| {
                let held = world.workers.iter().flatten().map(|work| world.store.claims()[work.claim]);
                let held: Vec<_> = held.filter(|claim| world.store.is_held(*claim)).collect();
                held.iter()
                    .enumerate()
                    .all(|(n, claim)| held[..n].iter().all(|other| other.entry != claim.entry))
            }),
            Property::always("quiet days bring everything to an end", |orders: &Orders, world: &World| {
                world.clone().comes_to_an_end(orders.flaw)
            }),
            // What has to be reachable, or the orders show nothing.
            Property::sometimes("an event is handled and completed again", |_, world: &World| {
                world.events.iter().any(|event| event.handled && event.completed > 0 && !event.retried)
            }),
            Property::sometimes("a worker goes on without its lease", |_, world: &World| {
                let mut at_work = world.workers.iter().flatten();
                at_work.any(|work| !world.store.is_held(world.store.claims()[work.claim]))
            }),
            Property::sometimes("an event is dead", |_, world: &World| world.has(State::Dead)),
            Property::sometimes("an event is held", |_, world: &World| world.has(State::Held)),
            Property::sometimes("what is pruned comes again", |_, world: &World| {
                let again = world.entries_of(0).any(|entry| entry.state == State::Held);
                again && world.store.entries().contains(&None)
            }),
            Property::sometimes("all is acknowledged and done", |_, world: &World| {
                let mut entries = world.store.entries().iter().flatten();
                world.events.iter().all(|event| event.acknowledged)
                    && entries.all(|entry| entry.state == State::Done)
            }),
        ]
    }
}

const NOTHING: Budget = Budget {
    rebuilds: false,
    tries: [0, 0],
    replays: 0,
    crashes: 0,
    leases: 0,
    ages: 0,
    failures: 0,
    returns: 0,
    persons: 0,
};

const TWO_EVENTS_AND_A_REPLAY: Budget = Budget { tries: [2, 1], replays: 1, crashes: 1, ..NOTHING };
const TWO_EVENTS_THAT_FAIL: Budget = Budget { tries: [1, 1], crashes: 1, leases: 1, failures: 1, ..NOTHING };
const ONE_EVENT_THAT_FAILS: Budget = Budget {
    rebuilds: true,
    tries: [2, 0],
    crashes: 1,
    leases: 1,
    failures: 1,
    returns: 1,
    persons: 1,
    ..NOTHING
};
const ONE_EVENT_REPLAYED_LATER: Budget =
    Budget { tries: [2, 0], replays: 1, crashes: 1, ages: 1, persons: 1, ..NOTHING };

const USUAL: [Budget; 4] =
    [TWO_EVENTS_AND_A_REPLAY, TWO_EVENTS_THAT_FAIL, ONE_EVENT_THAT_FAILS, ONE_EVENT_REPLAYED_LATER];

/// Minutes in a release build, and some GiB.
const MORE: [Budget; 3] = [
    Budget { tries: [2, 1], crashes: 1, leases: 1, failures: 1, ..NOTHING },
    Budget { tries: [1, 1], replays: 1, crashes: 1, leases: 1, returns: 1, ..NOTHING },
    Budget { leases: 1, failures: 1, returns: 1, ..ONE_EVENT_REPLAYED_LATER },
];

fn check(budget: Budget, flaw: Option<Flaw>) -> impl Checker<Orders> {
    Orders { budget, flaw }.checker().threads(2).spawn_bfs().join()
}

/// The promises that some order breaks.
fn broken(budget: Budget, flaw: Option<Flaw>) -> Vec<&'static str> {
    let promises = Orders { budget, flaw }.properties();
    let promises = promises.iter().filter(|property| property.expectation == Expectation::Always);
    let checked = check(budget, flaw);
    promises.map(|promise| promise.name).filter(|name| checked.discovery(name).is_some()).collect()
}

#[test]
fn in_every_order_what_is_promised_holds() {
    let more = std::env::var_os("MODEL_MORE").is_some();
    let budgets = USUAL.iter().chain(if more { &MORE[..] } else { &[] });
    let mut reached = BTreeSet::new();
    for budget in budgets {
        let begun = Instant::now();
        let checked = check(*budget, None);
        let (states, steps) = (checked.unique_state_count(), checked.max_depth());
        println!("{states} states, up to {steps} steps, in {:.1?}: {budget:?}", begun.elapsed());
        for property in checked.model().properties() {
            let example = checked.discovery(property.name);
            match property.expectation {
                Expectation::Sometimes => reached.extend(example.map(|_| property.name)),
                _ => assert!(example.is_none(), "not {}: {example:?}", property.name),
            }
        }
    }
    let properties = Orders { budget: NOTHING, flaw: None }.properties();
    for property in properties.iter().filter(|property| property.expectation == Expectation::Sometimes) {
        assert!(reached.contains(property.name), "never {}: the orders show nothing", property.name);
    }
}

#[test]
fn the_checker_sees_a_receiver_that_is_wrong() {
    for (flaw, budget, promise) in [
        (Flaw::AnswersBeforeItStores, TWO_EVENTS_AND_A_REPLAY, ACKNOWLEDGED),
        (Flaw::SettlesBeforeItHandles, ONE_EVENT_THAT_FAILS, STORED),
        (Flaw::SettlesUnderAnothersClaim, ONE_EVENT_THAT_FAILS, COMPLETED_ONCE),
        (Flaw::HandlesWhatIsOlderThanTheIdentities, ONE_EVENT_REPLAYED_LATER, STORED_ONCE),
    ] {
        let broken = broken(budget, Some(flaw));
        assert!(broken.contains(&promise), "{flaw:?} breaks {broken:?}");
    }
}

/// The limit that is told in docs/reliability.md: nothing says that two bodies under two keys are one event.
#[test]
fn a_captured_try_that_never_arrived_is_an_event_of_its_own_where_retries_are_built_anew() {
    let budget = Budget { rebuilds: true, tries: [2, 0], replays: 1, ..NOTHING };
    assert_eq!(broken(budget, None), [STORED_ONCE, COMPLETED_ONCE]);
    assert_eq!(broken(Budget { rebuilds: false, ..budget }, None), [""; 0]);
}
