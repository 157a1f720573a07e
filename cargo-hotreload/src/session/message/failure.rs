//! How it is told that new code did not get into the program.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use crate::events::record::Next;
use crate::session::exit::Ending;
use crate::session::foresight::Fault;
use crate::session::message::live::How;
use crate::session::message::time::Time;
use crate::session::trouble::Reason;
use crate::session::verdict::{Finding, Heard, Reception, Verdict};

/// The program did not take the new code.
pub(super) fn not_reloaded(
    formatter: &mut fmt::Formatter<'_>,
    findings: &[Finding],
    reception: Option<&Reception>,
    after: Duration,
) -> fmt::Result {
    let has = |wanted| findings.iter().any(|finding| finding.verdict == wanted);
    let after = Time(after);
    match reception {
        _ if has(Verdict::Stuck) => write!(formatter, "stuck: after {after} {}", clauses(findings)),
        _ if has(Verdict::NotLoaded) => {
            write!(formatter, "not loaded: after {after} {}; the program may have said why", clauses(findings))
        }
        Some(Reception { signal, heard }) if has(Verdict::NotPickedUp) => {
            let does = match heard {
                Heard::Ignored => format!("ignores {signal}"),
                Heard::Blocked => format!("blocks {signal}, which still waits"),
                Heard::Unhandled | Heard::Handled => format!("has no handler for {signal}"),
            };
            write!(formatter, "not picked up: the program {does}, and all its modules are the old ones")
        }
        reception => {
            let signal = reception.map_or("its signal", |reception| &reception.signal);
            write!(
                formatter,
                "refused: the program was told by {signal}, and after {after} all its modules are the old ones; it may \
                 have said why"
            )
        }
    }
}

/// The new code could not be loaded.
pub(super) fn not_loadable(formatter: &mut fmt::Formatter<'_>, how: &How, faults: &[Fault]) -> fmt::Result {
    const SHOWN: usize = 3;
    let is_restart = matches!(how, How::Restarted { .. });
    let what = if is_restart { "restarted" } else { "reloaded" };
    write!(formatter, "not {what}, the program goes on with the old code, for the new one cannot be loaded: ")?;
    let first: Vec<String> = faults.iter().take(SHOWN).map(Fault::to_string).collect();
    formatter.write_str(&first.join("; "))?;
    match faults.len().saturating_sub(SHOWN) {
        0 => {}
        more => write!(formatter, "; and {more} more")?,
    }
    if is_restart {
        formatter.write_str("\n  help: `cargo hotreload restart`, or the key `R`, restarts it all the same")?;
    }
    Ok(())
}

/// The program ended in a reload.
pub(super) fn died(formatter: &mut fmt::Formatter<'_>, ending: Ending) -> fmt::Result {
    let verb = if matches!(ending, Ending::Signal(_)) { "died" } else { "ended" };
    write!(formatter, "the program {verb} during the reload ({ending})")
}

/// What follows, and why it came to that: a line for each reason.
pub(super) fn rest(formatter: &mut fmt::Formatter<'_>, follows: &str, reasons: &[Reason]) -> fmt::Result {
    write!(formatter, "; {follows}")?;
    reasons.iter().try_for_each(|reason| write!(formatter, "\n  because {}", reason.text))?;
    let mut told = BTreeSet::new();
    let mut helps = reasons.iter().map(|reason| &reason.help).filter(|help| told.insert(*help));
    helps.try_for_each(|help| write!(formatter, "\n  help: {help}"))
}

/// What is done with a program that runs.
pub(super) fn running(next: Next) -> &'static str {
    match next {
        Next::Restart => "it is restarted",
        Next::Left => "it goes on as it is, and the next edit is tried again",
    }
}

/// What is done about a program that has ended.
pub(super) fn ended(next: Next) -> &'static str {
    match next {
        Next::Restart => "it is started again",
        Next::Left => "the next good build starts it again",
    }
}

fn clauses(findings: &[Finding]) -> String {
    let clause = |Finding { package, verdict, .. }: &Finding| match verdict {
        Verdict::NotLoaded => format!("{package} is not loaded"),
        Verdict::Stuck | Verdict::NotPickedUp | Verdict::Refused => {
            format!("the old code of {package} is still loaded")
        }
    };
    findings.iter().map(clause).collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::Duration;

    use crate::events::record::Next;
    use crate::session::exit::Ending;
    use crate::session::message::Message;
    use crate::session::trouble::Reason;
    use crate::session::verdict::{Finding, Heard, Reception, Verdict};
    use crate::session::verify::Unmet;

    fn told(verdicts: &[Verdict], heard: Heard, next: Next) -> String {
        let packages = ["api", "router"].into_iter().zip(verdicts);
        let finding = |(package, &verdict): (&str, &Verdict)| Finding {
            unmet: Unmet::OldMapped(PathBuf::from(package)),
            package: package.into(),
            verdict,
        };
        let findings = packages.map(finding).collect();
        let reason = |text: &str| Reason { module: None, text: text.into(), help: "join it".into(), is_proof: true };
        let reasons = ["a thread sleeps in it", "another one, too"].map(reason).to_vec();
        let reception = Some(Reception { signal: "SIGUSR1".into(), heard });
        Message::NotReloaded { findings, reception, reasons, after: Duration::from_secs(20), next }.to_string()
    }

    #[test]
    fn each_verdict_has_its_words() {
        assert_eq!(
            told(&[Verdict::Stuck, Verdict::NotLoaded], Heard::Handled, Next::Restart),
            "stuck: after 20.0 s the old code of api is still loaded and router is not loaded; it is restarted\n  \
             because a thread sleeps in it\n  because another one, too\n  help: join it"
        );
        let starts = [
            (Verdict::NotPickedUp, Heard::Ignored, "not picked up: the program ignores SIGUSR1, and all"),
            (Verdict::NotPickedUp, Heard::Blocked, "not picked up: the program blocks SIGUSR1, which still waits, and"),
            (Verdict::NotPickedUp, Heard::Unhandled, "not picked up: the program has no handler for SIGUSR1, and"),
            (Verdict::Refused, Heard::Handled, "refused: the program was told by SIGUSR1, and after 20.0 s all its"),
            (Verdict::NotLoaded, Heard::Handled, "not loaded: after 20.0 s api is not loaded; the program may have"),
        ];
        for (verdict, heard, start) in starts {
            let told = told(&[verdict], heard, Next::Left);
            assert!(told.starts_with(start), "{told}");
            assert!(told.contains("; it goes on as it is, and the next edit is tried again\n"), "{told}");
        }
    }

    #[test]
    fn a_death_says_what_follows() {
        let died = |next| Message::Died { ending: Ending::Signal(11), reasons: vec![], next }.to_string();
        let what = "the program died during the reload (signal 11, SIGSEGV); ";
        assert_eq!(died(Next::Restart), format!("{what}it is started again"));
        assert_eq!(died(Next::Left), format!("{what}the next good build starts it again"));
    }
}
