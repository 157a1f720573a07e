//! Reloads that do not work: what is said, and what is done about them.

use crate::config::values::OnStuck;
use crate::events::record::{Next, Record, ReloadOutcome, StuckReason};
use crate::session::delivery::Built;
use crate::session::event::{Action, Event, ProgramSignal, Timer};
use crate::session::exit::Ending;
use crate::session::foresight::{Aim, Fault, Missing, Prospect};
use crate::session::message::{How, Message, When};
use crate::session::request::{Answer, ReplyTo, Request};
use crate::session::stage::RELOAD_DEADLINE;
use crate::session::stage::SIGN_DEADLINE;
use crate::session::tests::{PID, Play, built, mapped, replaced};
use crate::session::trouble::{Behind, Explanation, Question, Reason, Trouble};
use crate::session::verdict::{Finding, Heard, Reception, Verdict};
use crate::session::verify::{Mapping, Unmet};

impl Play {
    /// A session that does `on_stuck`, whose program was told to take `built`.
    fn signalled(on_stuck: OnStuck, built: Built) -> Self {
        let mut play = Self::serving();
        play.session.on_stuck = on_stuck;
        play.deliver(built, 10);
        play
    }

    /// The program, which has the module of the inode `inode`, is told to take `built`.
    fn deliver(&mut self, built: Built, inode: u64) {
        assert_eq!(self.edit(built), [Action::Look]);
        let actions = self.does(Event::Mapped(replaced(inode)));
        assert_eq!(actions[0], Action::Signal(ProgramSignal::Reload));
    }

    /// The time is over, and the mappings are these: what is asked then.
    fn too_late(&mut self, mappings: Vec<Mapping>) -> Question {
        self.now += RELOAD_DEADLINE;
        let actions = self.does(Event::Mapped(mappings));
        let [Action::Explain(question)] = &actions[..] else { panic!("{actions:?}") };
        assert_eq!(self.session.state(), "reloading");
        question.clone()
    }
}

fn heard(heard: Heard) -> Reception {
    Reception { signal: "SIGINT".into(), heard }
}

fn explanation(reasons: &[&str]) -> Event {
    let reason = |text: &&str| Reason {
        module: Some("api".into()),
        text: (*text).into(),
        help: "join it".into(),
        is_proof: true,
    };
    let reasons = reasons.iter().map(reason).collect();
    Event::Explained(Explanation { reception: Some(heard(Heard::Handled)), reasons })
}

fn verdicts(action: &Action) -> Vec<Verdict> {
    let Action::Say(Message::NotReloaded { findings, .. }) = action else { panic!("{action:?}") };
    findings.iter().map(|finding| finding.verdict).collect()
}

#[test]
fn a_program_that_keeps_the_old_code_is_restarted_once_the_reasons_are_known() {
    let mut play = Play::signalled(OnStuck::Restart, built(1, 2, 1));
    let question = play.too_late(replaced(10));
    assert_eq!((question.pid, question.modules), (PID, vec!["api".to_owned()]));
    assert_eq!(question.trouble, Trouble::Unmet(vec![Unmet::OldMapped("/t/api".into())]));
    // A look that was under way says nothing any more.
    assert_eq!(play.does(Event::Mapped(mapped(11))), []);
    let actions = play.acts(explanation(&["a thread sleeps in it"]));
    let [Action::Record(stuck), Action::Record(failed), Action::Say(message), stop, ..] = &actions[..] else {
        panic!("{actions:?}")
    };
    let Record::ModuleStuck { package, reason: StuckReason::OldCodeMapped, verdict, .. } = stuck else {
        panic!("{stuck:?}")
    };
    assert_eq!((package.as_str(), *verdict), ("api", Some(Verdict::Stuck)));
    let Record::ReloadFailed(failed) = failed else { panic!("{failed:?}") };
    assert_eq!((failed.outcome, failed.next, failed.build), (ReloadOutcome::Stuck, Next::Restart, 2));
    assert_eq!(failed.reasons, ["a thread sleeps in it"]);
    assert!(
        message.to_string().ends_with("; it is restarted\n  because a thread sleeps in it\n  help: join it"),
        "{message}"
    );
    assert_eq!(*stop, Action::Signal(ProgramSignal::Stop));
    assert_eq!(play.does(Event::Exited(Ending::Code(0))), [Action::Start(built(1, 2, 1))]);
}

#[test]
fn old_code_of_all_modules_without_a_reason_is_a_refusal() {
    let mut play = Play::signalled(OnStuck::Restart, built(1, 2, 1));
    play.too_late(replaced(10));
    let actions = play.does(explanation(&[]));
    assert_eq!(verdicts(&actions[0]), [Verdict::Refused]);
}

#[test]
fn code_that_is_gone_and_not_replaced_is_not_loaded() {
    let mut play = Play::signalled(OnStuck::Warn, built(1, 2, 1));
    play.too_late(Vec::new());
    let actions = play.does(explanation(&[]));
    assert_eq!(verdicts(&actions[0]), [Verdict::NotLoaded]);
    // Whatever is built next is new to the program, the content that it had before as well.
    assert_eq!(play.edit(built(1, 1, 1)), [Action::Look]);
}

#[test]
fn an_ignored_signal_is_seen_long_before_the_deadline() {
    let mut play = Play::signalled(OnStuck::Warn, built(1, 2, 1));
    assert!(play.does(Event::Mapped(replaced(10))).iter().all(|action| *action != Action::Listen));
    play.now += SIGN_DEADLINE;
    let actions = play.does(Event::Mapped(replaced(10)));
    assert!(matches!(actions[..], [Action::Listen, Action::After(_, Timer::Look)]), "{actions:?}");
    // It is asked once.
    assert!(matches!(play.does(Event::Mapped(replaced(10)))[..], [Action::After(_, Timer::Look)]));
    let ignored = heard(Heard::Ignored);
    let actions = play.does(Event::Listened(ignored.clone()));
    assert!(matches!(actions[..], [Action::Explain(_)]), "{actions:?}");
    let actions = play.does(Event::Explained(Explanation { reception: Some(ignored), reasons: vec![] }));
    assert_eq!(verdicts(&actions[0]), [Verdict::NotPickedUp]);
    assert_eq!(actions.len(), 1, "it is left alone: {actions:?}");
    assert_eq!(play.session.state(), "running");
}

#[test]
fn a_slow_program_that_has_heard_the_signal_is_waited_for() {
    let mut play = Play::signalled(OnStuck::Restart, built(1, 2, 1));
    play.now += SIGN_DEADLINE;
    play.does(Event::Mapped(replaced(10)));
    assert_eq!(play.does(Event::Listened(heard(Heard::Handled))), []);
    assert!(matches!(play.says(Event::Mapped(mapped(11)))[..], [Message::Live { .. }]));
    // What was asked before it was live says nothing any more.
    assert_eq!(play.does(Event::Listened(heard(Heard::Ignored))), []);
}

#[test]
fn a_stuck_module_that_is_left_is_tried_again_and_does_not_count_as_live() {
    let mut play = Play::signalled(OnStuck::Warn, built(1, 2, 1));
    play.does(Event::Asked(Request::Build, ReplyTo(3)));
    play.does(Event::Built(Ok(built(1, 2, 1))));
    play.too_late(replaced(10));
    let actions = play.does(explanation(&["it is bound"]));
    assert_eq!(verdicts(&actions[0]), [Verdict::Stuck]);
    assert!(matches!(&actions[1], Action::Reply(ReplyTo(3), Answer::Failed(why)) if why.contains("the next edit")));
    // The build that was asked for meanwhile is the same, and it is not live: it is tried again.
    assert_eq!(actions[2], Action::Look);
    play.does(Event::Mapped(replaced(10)));
    play.too_late(replaced(10));
    play.does(explanation(&[]));
    // The old code is: to take the edit back brings nothing new.
    assert!(matches!(play.edit(built(1, 1, 1))[..], [Action::Say(Message::Unchanged { .. })]));
    play.deliver(built(1, 3, 1), 10);
    let said = play.says(Event::Mapped(mapped(12)));
    assert!(matches!(said[..], [Message::Live { how: How::Reloaded { .. }, .. }]), "{said:?}");
}

#[test]
fn a_death_in_the_swap_starts_the_good_build_once() {
    let mut play = Play::signalled(OnStuck::Restart, built(1, 2, 1));
    let actions = play.does(Event::Exited(Ending::Signal(11)));
    let [Action::Explain(Question { trouble: Trouble::Died(Ending::Signal(11)), .. })] = actions[..] else {
        panic!("{actions:?}")
    };
    assert_eq!(play.session.state(), "reloading");
    let actions = play.acts(explanation(&["a destructor ran late"]));
    let [
        Action::Record(Record::ReloadFailed(failed)),
        Action::Say(Message::Died { next: Next::Restart, .. }),
        Action::Keep(_),
        start,
    ] = &actions[..]
    else {
        panic!("{actions:?}")
    };
    assert_eq!((failed.outcome, failed.reasons.len()), (ReloadOutcome::Died, 1));
    assert_eq!(*start, Action::Start(built(1, 2, 1)));
    // If it dies again, the code is to blame: no third try.
    play.does(Event::Started { pid: PID + 1 });
    let actions = play.does(Event::Exited(Ending::Signal(11)));
    assert!(matches!(actions[..], [Action::Say(Message::Ended { when: When::Starting, .. })]), "{actions:?}");
}

#[test]
fn a_death_in_the_swap_can_be_left() {
    let mut play = Play::signalled(OnStuck::Warn, built(1, 2, 1));
    play.does(Event::Exited(Ending::Code(3)));
    let actions = play.does(explanation(&[]));
    let [Action::Say(message)] = &actions[..] else { panic!("{actions:?}") };
    assert!(message.to_string().ends_with("(exit code 3); the next good build starts it again"), "{message}");
    assert_eq!(play.session.state(), "waiting for a change");
    assert_eq!(play.edit(built(1, 3, 1)), [Action::Start(built(1, 3, 1))]);
}

#[test]
fn a_program_that_dies_while_it_is_asked_why_it_is_stuck_has_died_in_the_reload() {
    let mut play = Play::signalled(OnStuck::Warn, built(1, 2, 1));
    play.too_late(replaced(10));
    let actions = play.does(Event::Exited(Ending::Signal(6)));
    assert!(matches!(&actions[..], [Action::Explain(Question { trouble: Trouble::Died(_), .. })]), "{actions:?}");
    assert!(matches!(&play.does(explanation(&[]))[..], [Action::Say(Message::Died { .. })]));
    assert_eq!(play.does(explanation(&[])), []);
}

#[test]
fn an_end_of_the_session_does_not_wait_for_reasons() {
    let mut play = Play::signalled(OnStuck::Restart, built(1, 2, 1));
    play.too_late(replaced(10));
    assert_eq!(play.does(Event::Interrupted)[1], Action::Signal(ProgramSignal::Stop));
    assert_eq!(play.does(explanation(&[])), []);
    assert_eq!(play.does(Event::Exited(Ending::Code(0)))[1], Action::End);
    let mut play = Play::signalled(OnStuck::Restart, built(1, 2, 1));
    play.does(Event::Exited(Ending::Signal(11)));
    assert_eq!(play.does(Event::Interrupted), [Action::End]);
}

#[test]
fn a_module_that_moved_beside_one_that_did_not_is_live_and_the_other_is_stuck() {
    let two = |first: u64, second: u64| {
        let mut two = built(1, first, 1);
        let mut web = two.libraries[1].clone();
        (web.package, web.image.path, web.image.content) = ("web".into(), "/t/web".into(), second);
        two.libraries.push(web);
        two
    };
    let map = |path: &str, inode, deleted| Mapping { path: path.into(), inode, deleted };
    let mut play = Play::new();
    play.session.on_stuck = OnStuck::Warn;
    play.does(Event::Begin);
    play.does(Event::Built(Ok(two(1, 1))));
    play.does(Event::Started { pid: PID });
    play.does(Event::Mapped(vec![map("/t/api", 1, false), map("/t/web", 2, false)]));
    play.edit(two(2, 2));
    play.does(Event::Mapped(vec![map("/t/api", 1, true), map("/t/web", 2, true)]));
    play.too_late(vec![map("/t/api", 1, true), map("/t/web", 3, false)]);
    let actions = play.does(explanation(&[]));
    let Action::Say(Message::NotReloaded { findings, .. }) = &actions[0] else { panic!("{actions:?}") };
    let [Finding { package, verdict: Verdict::Stuck, .. }] = &findings[..] else { panic!("{findings:?}") };
    assert_eq!(package, "api");
    // Of the next edit of both, the live one is compared with what it has now.
    play.edit(two(1, 2));
    assert_eq!(play.session.state(), "running", "that is what the program runs");
}

#[test]
fn a_death_some_time_after_a_reload_is_asked_for_and_told_with_its_reasons() {
    let reason = Reason { module: None, text: "a thread was left".into(), help: "join it".into(), is_proof: false };
    for (reasons, end) in
        [(vec![], "brings back the build before"), (vec![reason], "because a thread was left\n  help: join it")]
    {
        let mut play = Play::signalled(OnStuck::Restart, built(1, 2, 1));
        let said = play.says(Event::Mapped(mapped(11)));
        assert!(matches!(said[..], [Message::Live { .. }]), "{said:?}");
        assert_eq!(play.acts(Event::Exited(Ending::Signal(11))), [Action::ExplainEnd(Ending::Signal(11))]);
        let count = reasons.len();
        let actions = play.acts(Event::EndExplained(reasons));
        let [Action::Record(Record::ProgramExited(exited)), Action::Say(message)] = &actions[..] else {
            panic!("{actions:?}")
        };
        assert_eq!(exited.reasons.len(), count);
        let text = message.to_string();
        assert!(
            text.starts_with("the program died (signal 11, SIGSEGV); the next good build") && text.ends_with(end),
            "{text}"
        );
        assert_eq!(play.edit(built(1, 3, 1)), [Action::Start(built(1, 3, 1))]);
    }
    // Without a reload there is nothing to ask.
    let mut play = Play::serving();
    assert!(matches!(play.does(Event::Exited(Ending::Signal(11)))[..], [Action::Say(Message::Ended { .. })]));
}

#[test]
fn threads_in_old_code_are_looked_for_while_nothing_else_is_on_its_way() {
    let reason = Reason { module: None, text: "a thread sleeps".into(), help: "join it".into(), is_proof: false };
    let mut play = Play::signalled(OnStuck::Restart, built(1, 2, 1));
    assert_eq!(play.does(Event::Due(Timer::Behind)), []);
    play.does(Event::Mapped(mapped(11)));
    assert_eq!(play.does(Event::Due(Timer::Behind)), [Action::LookBehind]);
    assert_eq!(play.acts(Event::LeftBehind(Behind::default())), []);
    let actions = play.acts(Event::LeftBehind(Behind { threads: vec![reason], ..Behind::default() }));
    let [Action::Record(Record::LeftBehind { pid: PID, reasons }), Action::Say(message)] = &actions[..] else {
        panic!("{actions:?}")
    };
    assert_eq!(reasons[..], ["a thread sleeps".to_owned()]);
    assert!(message.to_string().ends_with("\n  because a thread sleeps\n  help: join it"), "{message}");
    let actions = play.acts(Event::LeftBehind(Behind { processes: [8, 9].into(), ..Behind::default() }));
    let [
        Action::Record(Record::LeftBehind { pid: 8, reasons }),
        Action::Record(Record::LeftBehind { pid: 9, .. }),
        Action::Say(message),
    ] = &actions[..]
    else {
        panic!("{actions:?}")
    };
    assert_eq!(reasons[..], [format!("new code reaches only process {PID}, which began it")]);
    assert!(message.to_string().starts_with("child processes run the old code on (8, 9)\n"));
    play.does(Event::Exited(Ending::Signal(11)));
    assert_eq!(play.does(Event::Due(Timer::Behind)), []);
}

#[test]
fn what_cannot_be_loaded_is_not_sent_and_the_next_edit_is_tried() {
    let mut play = Play::serving();
    let missing = Missing::Symbol { name: "not_there".into(), version: None };
    play.faults = vec![Fault { wanted_by: "api".into(), missing, lost_by: None }];
    play.does(Event::Asked(Request::Build, ReplyTo(4)));
    play.does(Event::Built(Ok(built(1, 2, 1))));
    let actions = play.acts(Event::Mapped(replaced(10)));
    let [Action::Record(Record::ReloadFailed(failed)), Action::Say(message), Action::Reply(_, Answer::Failed(_))] =
        &actions[..]
    else {
        panic!("{actions:?}")
    };
    assert_eq!((failed.outcome, failed.next), (ReloadOutcome::NotLoadable, Next::Left));
    let why = "not reloaded, the program goes on with the old code, for the new one cannot be loaded: api wants `not_there`, \
               which nothing that is loaded has";
    assert_eq!(message.to_string(), why);
    assert_eq!(play.session.state(), "running");
    // It still has the old code: that again is nothing new, and what is mended is reloaded.
    assert!(matches!(play.edit(built(1, 1, 1))[..], [Action::Say(Message::Unchanged { .. })]));
    play.deliver(built(1, 3, 1), 10);
    assert!(matches!(play.says(Event::Mapped(mapped(11)))[..], [Message::Live { .. }]));
}

#[test]
fn the_question_says_what_changed_and_what_is_live() {
    let mut play = Play::serving();
    play.edit(built(1, 2, 1));
    let actions = play.session.handle(Event::Mapped(replaced(10)), play.now);
    let [Action::Foresee(Prospect { built: new, aim, live })] = &actions[..] else { panic!("{actions:?}") };
    assert_eq!((new, aim, live), (&built(1, 2, 1), &Aim::Reload(vec!["api".into()]), &Some(built(1, 1, 1))));
    assert_eq!(play.session.state(), "reloading");
    // It dies before the answer.
    let actions = play.does(Event::Exited(Ending::Signal(9)));
    assert!(matches!(actions[..], [Action::Explain(_)]), "{actions:?}");
    assert_eq!(play.does(Event::Foreseen(vec![])), []);
}
