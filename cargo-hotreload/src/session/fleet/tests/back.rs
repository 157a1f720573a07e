//! Going back with several programs.

use super::{Play, build};
use crate::events::record::Record;
use crate::session::event::{Action, Event, Owner, Scope};
use crate::session::fleet::Whom::{All, One};
use crate::session::fleet::{Order, Tidings};
use crate::session::message::Message;
use crate::session::request::{Answer, ReplyTo, Request};
use crate::session::tests::built;

const BACK: Event = Event::Asked(Request::Rollback, ReplyTo(5));

impl Play {
    /// An edit that is live in all of them, and one that changes the last alone.
    fn after_two_edits() -> Self {
        let mut play = Self::serving();
        play.save_of(Owner::Library("api".into()));
        play.all(Event::Built(Ok(built(1, 2, 1))));
        for index in 0..3 {
            play.reloads(index, 10, 11);
        }
        play.save_of(Owner::Library("api".into()));
        play.does(Tidings::Each([2, 2, 3].map(|api| Event::Built(Ok(built(1, api, 1)))).to_vec()));
        play.reloads(2, 11, 12);
        play
    }

    /// The files of the last program's former build are put back, and it takes them; returns the answer to who asked.
    fn last_goes_back(&mut self, from: u64, to: u64) -> Answer {
        self.one(2, Event::PutBack(Ok(())));
        self.one(2, Event::Mapped(crate::session::tests::replaced(from)));
        let orders = self.one(2, Event::Mapped(crate::session::tests::mapped(to)));
        let reply = orders.into_iter().find_map(|(_, action)| match action {
            Action::Reply(ReplyTo(5), answer) => Some(answer),
            _ => None,
        });
        reply.expect("an answer")
    }
}

fn put_back(api: u64) -> Order {
    (One(2), Action::PutBack(built(1, api, 1)))
}

#[test]
fn what_the_newest_build_has_not_changed_stays_there_and_back_again() {
    let mut play = Play::after_two_edits();
    let same = Message::NotRolledBack { reason: "its code is the same".into() };
    for (number, api) in [(12, 2), (13, 3), (14, 2)] {
        assert_eq!(play.all(BACK), [(All, Action::Say(same.clone())), put_back(api)]);
        let Answer::Done(text) = play.last_goes_back(number, number + 1) else { panic!("it was done") };
        let lines: Vec<&str> = text.lines().collect();
        let [first, second, third] = lines[..] else { panic!("{text}") };
        assert_eq!(first, "[api#1] not rolled back: its code is the same");
        assert_eq!(second, "[api#2] not rolled back: its code is the same");
        assert!(third.starts_with("[worker] rolled back: reloaded api (1 of 1 modules): "), "{text}");
    }
    assert_eq!(play.records(Tidings::All(BACK)), [(All, Record::Requested { request: Request::Rollback })]);
}

/// Otherwise those that went back would go forward when the others follow.
#[test]
fn none_goes_back_while_one_cannot() {
    let mut play = Play::serving();
    play.save_of(Owner::Library("api".into()));
    play.all(Event::Built(Ok(built(1, 2, 1))));
    play.reloads(0, 10, 11);
    play.reloads(1, 10, 11);
    let orders = play.all(BACK);
    let [(All, Action::Say(Message::NotRolledBack { .. })), (All, Action::Reply(ReplyTo(5), Answer::Failed(text)))] =
        &orders[..]
    else {
        panic!("{orders:?}")
    };
    assert_eq!(text, "not rolled back: new code is on its way into the program: wait for it");
    play.reloads(2, 10, 11);
    let all = [0, 1, 2].map(|index| (One(index), Action::PutBack(built(1, 1, 1))));
    assert_eq!(play.all(BACK), all);
}

/// A program that does not run, and that the newest build would not have changed, does not keep the others from it.
#[test]
fn who_has_no_part_in_it_is_not_waited_for() {
    let mut play = Play::after_two_edits();
    play.one(0, Event::Exited(crate::session::exit::Ending::Code(0)));
    assert_eq!(play.all(BACK).last(), Some(&put_back(2)));
    assert!(matches!(play.last_goes_back(12, 13), Answer::Done(_)));
    assert_eq!(play.save_of(Owner::Library("api".into())), [(All, build(Scope::Program))]);
}
