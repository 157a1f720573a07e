//! Going back to the build that was live before.

use crate::config::values::OnStuck;
use crate::events::record::{Live, LiveHow, Record};
use crate::session::event::{Action, Event, ProgramSignal};
use crate::session::exit::Ending;
use crate::session::foresight::{Fault, Missing};
use crate::session::message::{How, Message, Times};
use crate::session::request::{Answer, ReplyTo, Request};
use crate::session::tests::{PID, Play, built, mapped, replaced};
use crate::session::trouble::Explanation;

const BACK: Event = Event::Asked(Request::Rollback, ReplyTo(5));

impl Play {
    /// A session that has had two builds, of which the second is live.
    fn with_two_builds() -> Self {
        let mut play = Self::serving();
        play.edit(built(1, 2, 1));
        play.does(Event::Mapped(replaced(10)));
        assert!(matches!(play.says(Event::Mapped(mapped(11)))[..], [Message::Live { .. }]));
        play
    }

    /// Asks for the former build, whose files are put back well.
    fn go_back(&mut self) -> (crate::session::delivery::Built, Vec<Action>) {
        let actions = self.does(BACK);
        let [Action::PutBack(built)] = &actions[..] else { panic!("{actions:?}") };
        (built.clone(), self.does(Event::PutBack(Ok(()))))
    }
}

fn refusal(actions: &[Action]) -> &str {
    let [Action::Reply(ReplyTo(5), Answer::Failed(why)), Action::Say(Message::NotRolledBack { .. })] = actions else {
        panic!("{actions:?}")
    };
    why
}

#[test]
fn the_former_build_is_reloaded_and_verified_and_the_next_time_goes_forward() {
    let mut play = Play::with_two_builds();
    let (former, actions) = play.go_back();
    assert_eq!((former, actions), (built(1, 1, 1), vec![Action::Look]));
    let actions = play.acts(Event::Mapped(replaced(11)));
    assert_eq!(actions[0], Action::Keep(vec![built(1, 1, 1), built(1, 2, 1)]));
    assert_eq!(actions[2], Action::Signal(ProgramSignal::Reload));
    let actions = play.acts(Event::Mapped(mapped(12)));
    let live = actions.iter().find_map(|action| match action {
        Action::Record(Record::Live(live)) => Some(live),
        _ => None,
    });
    assert!(matches!(live, Some(Live { build: 1, how: LiveHow::Reloaded, rolled_back: true, .. })), "{actions:?}");
    let answer = actions.iter().find_map(|action| match action {
        Action::Reply(ReplyTo(5), Answer::Done(text)) => Some(text.as_str()),
        _ => None,
    });
    let text = answer.expect("an answer");
    assert!(text.starts_with("rolled back: reloaded api (1 of 1 modules): reload "), "{text}");
    assert!(text.ends_with("; the next build brings the newest code again"), "{text}");

    let (newer, _) = play.go_back();
    assert_eq!(newer, built(1, 2, 1));
    play.does(Event::Mapped(replaced(12)));
    assert!(matches!(play.says(Event::Mapped(mapped(13)))[..], [Message::Live { .. }]));
}

#[test]
fn the_next_build_is_compared_with_what_was_brought_back() {
    let mut play = Play::with_two_builds();
    play.go_back();
    play.does(Event::Mapped(replaced(11)));
    play.does(Event::Mapped(mapped(12)));
    // The sources still are those of the second build: it is news to the program.
    assert_eq!(play.edit(built(1, 2, 1)), [Action::Look]);
}

#[test]
fn what_only_a_restart_can_bring_back_is_restarted() {
    let mut play = Play::serving();
    play.edit(built(2, 2, 2));
    play.does(Event::Exited(Ending::Code(0)));
    play.does(Event::Started { pid: PID });
    play.does(Event::Mapped(mapped(11)));
    let (_, actions) = play.go_back();
    assert_eq!(actions[0], Action::Signal(ProgramSignal::Stop));
    assert_eq!(play.does(Event::Exited(Ending::Code(0))), [Action::Start(built(1, 1, 1))]);
    play.does(Event::Started { pid: PID + 1 });
    let said = play.says(Event::Mapped(mapped(12)));
    let [Message::Live { how: How::Restarted { .. }, times: Times { build: None, .. }, .. }] = said[..] else {
        panic!("{said:?}")
    };
}

#[test]
fn a_build_that_kills_the_program_is_left_behind() {
    let mut play = Play::with_two_builds();
    play.edit(built(1, 3, 1));
    play.does(Event::Mapped(replaced(11)));
    play.does(Event::Exited(Ending::Signal(11)));
    assert_eq!(play.does(Event::Explained(Explanation::default()))[1], Action::Start(built(1, 3, 1)));
    play.does(Event::Started { pid: PID + 1 });
    play.does(Event::Exited(Ending::Signal(11)));
    let (former, actions) = play.go_back();
    assert_eq!(former, built(1, 2, 1), "the last one that was live");
    assert_eq!(actions, [Action::Start(built(1, 2, 1))]);
    play.does(Event::Started { pid: PID + 2 });
    assert!(matches!(play.says(Event::Mapped(mapped(13)))[..], [Message::Live { how: How::Started { .. }, .. }]));
}

#[test]
fn a_stuck_module_that_was_left_is_gone_back_from() {
    let mut play = Play::with_two_builds();
    play.session.on_stuck = OnStuck::Warn;
    play.edit(built(1, 3, 1));
    play.does(Event::Mapped(replaced(11)));
    play.now += crate::session::stage::RELOAD_DEADLINE;
    play.does(Event::Mapped(Vec::new()));
    play.does(Event::Explained(Explanation::default()));
    let (former, actions) = play.go_back();
    assert_eq!((former, actions), (built(1, 2, 1), vec![Action::Look]));
}

#[test]
fn nothing_is_brought_back_while_something_else_is_under_way() {
    let mut play = Play::serving();
    assert!(refusal(&play.does(BACK)).ends_with("no other build was live in this session"));
    let mut play = Play::with_two_builds();
    play.save();
    assert!(refusal(&play.does(BACK)).contains("a build is running"));
    play.does(Event::Built(Ok(built(1, 3, 1))));
    assert!(refusal(&play.does(BACK)).contains("new code is on its way"));
    play.does(Event::Mapped(replaced(11)));
    assert!(refusal(&play.does(BACK)).contains("new code is on its way"));
    play.does(Event::Mapped(mapped(12)));
    // A save between the question and the files: the build has the files now.
    play.does(BACK);
    play.save();
    let actions = play.does(Event::PutBack(Ok(())));
    let [Action::Say(Message::NotRolledBack { .. }), Action::Reply(_, Answer::Failed(_))] = &actions[..] else {
        panic!("{actions:?}")
    };
}

#[test]
fn files_that_cannot_be_put_back_change_nothing() {
    let mut play = Play::with_two_builds();
    play.does(BACK);
    let said = play.says(Event::PutBack(Err("no space".into())));
    assert_eq!(said, [Message::NotRolledBack { reason: "no space".into() }]);
    assert_eq!(play.go_back().0, built(1, 1, 1));
}

#[test]
fn a_former_build_that_cannot_be_loaded_any_more_stays_the_one_to_go_back_to() {
    let mut play = Play::serving();
    play.edit(built(2, 2, 1));
    play.does(Event::Exited(Ending::Code(0)));
    play.does(Event::Started { pid: PID + 1 });
    play.does(Event::Mapped(mapped(11)));
    let missing = Missing::Library("libgone.so".into());
    play.faults = vec![Fault { wanted_by: "host".into(), missing, lost_by: None }];
    let (former, actions) = play.go_back();
    let [Action::Say(message), Action::Reply(ReplyTo(5), Answer::Failed(_))] = &actions[..] else {
        panic!("{actions:?}")
    };
    let why = "not rolled back: host links `libgone.so`, which the dynamic linker does not find";
    assert_eq!(message.to_string(), why);
    assert_eq!((former, play.session.state()), (built(1, 1, 1), "running"));
    // Somebody has put the library back.
    let (former, actions) = play.go_back();
    assert_eq!((former, &actions[0]), (built(1, 1, 1), &Action::Signal(ProgramSignal::Stop)));
}
