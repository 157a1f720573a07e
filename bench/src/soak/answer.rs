//! Whether an answer of the server is one of those that what was saved allows.
//!
//! While a patch gets in, a request may be in the middle of a function that is replaced: it goes on in the old body, and
//! what it calls is new. So each part of an answer may be old or new by itself, as long as both are allowed. With modules
//! there is one set of them at a time: the whole answer is that of one state, and what was counted is new with them.

use std::collections::HashMap;
use std::sync::Arc;

use crate::soak::Way;
use crate::soak::history::State;

/// What one client has seen so far: nothing of it may ever get less.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pid: Option<u32>,
    /// For each library, how often it was asked.
    pub(crate) asked: Vec<u64>,
    /// For each counting step of a library, how often it was called.
    pub(crate) counts: HashMap<(usize, u32), u64>,
}

impl Seen {
    /// Looks at the answer `body` to `number`; `allowed` are the states that it may show. `Err` says what is wrong.
    pub(crate) fn check(&mut self, body: &str, number: u64, allowed: &[Arc<State>], way: Way) -> Result<(), String> {
        let mut lines = body.lines();
        let pid = lines.next().and_then(|line| line.strip_prefix("pid=")?.parse().ok()).ok_or("no process id")?;
        if self.pid.is_some_and(|known| known != pid) {
            *self = Self::default();
            self.pid = Some(pid);
            return Err(format!("another process answers: {pid}"));
        }
        self.pid = Some(pid);
        let lines: Vec<&str> = lines.collect();
        if lines.len() != allowed[0].layers.len() {
            return Err(format!("{} lines", lines.len()));
        }
        if way == Way::Modules {
            return is_of_one(&lines, number, allowed);
        }
        for (index, line) in lines.iter().enumerate() {
            self.check_line(index, line, number, allowed)?;
        }
        Ok(())
    }

    fn check_line(&mut self, index: usize, line: &str, number: u64, allowed: &[Arc<State>]) -> Result<(), String> {
        let wanted: Vec<String> = allowed.iter().map(|state| state.layers[index].says(number)).collect();
        let (said, counted) = line.split_once(" asked=").ok_or_else(|| format!("`{line}` says nothing"))?;
        let parts = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let wanted_parts: Vec<_> = wanted.iter().map(|text| parts(text)).collect();
        for (at, part) in parts(said).iter().enumerate() {
            if !wanted_parts.iter().any(|wanted| wanted.get(at) == Some(part)) {
                return Err(format!("`{said}` is none of {wanted:?}, because of `{part}`"));
            }
        }
        let (asked, counts) = counted.split_once(" counts=").ok_or("no counts")?;
        self.rises_to(index, asked.parse().map_err(|_| "no number")?)?;
        let counts: Vec<u64> = counts.split(',').filter_map(|count| count.parse().ok()).collect();
        let counters = allowed.iter().map(|state| state.layers[index].counters().collect::<Vec<_>>());
        let mut counters: Vec<Vec<u32>> = counters.filter(|known| known.len() == counts.len()).collect();
        counters.dedup();
        match &counters[..] {
            [] => Err(format!("{} counts in `{line}`", counts.len())),
            [known] => known.iter().zip(counts).try_for_each(|(step, count)| {
                let seen = self.counts.insert((index, *step), count).unwrap_or_default();
                if seen <= count { Ok(()) } else { Err(format!("step {step} fell from {seen} to {count}")) }
            }),
            // It cannot be told which they are.
            _ => Ok(()),
        }
    }

    fn rises_to(&mut self, index: usize, asked: u64) -> Result<(), String> {
        self.asked.resize(self.asked.len().max(index + 1), 0);
        let before = std::mem::replace(&mut self.asked[index], asked);
        if before < asked { Ok(()) } else { Err(format!("library {index} counted from {before} to {asked}")) }
    }
}

/// Whether all lines of an answer to `number` are what one of the `allowed` states says.
fn is_of_one(lines: &[&str], number: u64, allowed: &[Arc<State>]) -> Result<(), String> {
    let says = |state: &Arc<State>| {
        let wanted = state.layers.iter().map(|layer| layer.says(number));
        wanted.zip(lines).all(|(wanted, line)| line.starts_with(&wanted))
    };
    if allowed.iter().any(says) { Ok(()) } else { Err(format!("{lines:?} is none of {} answers", allowed.len())) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Seen;
    use crate::soak::Way;
    use crate::soak::history::State;
    use crate::soak::layer::all;

    #[test]
    fn only_what_was_saved_is_right() {
        let before = State { layers: all(), greeting: 0 };
        let mut after = before.clone();
        after.layers[2].marker = 9;
        let body = |state: &State, asked: u64| {
            let says = |number: usize| format!("{}asked={asked} counts=\n", state.layers[number].says(5));
            format!("pid=7\n{}", (0..5).map(says).collect::<String>())
        };
        let [before, after] = [before, after].map(Arc::new);
        let mut seen = Seen::default();
        seen.check(&body(&before, 1), 5, &[Arc::clone(&before)], Way::Patch).expect("it is the first state");
        assert!(seen.check(&body(&after, 2), 5, &[Arc::clone(&before)], Way::Patch).is_err(), "not saved yet");
        seen.check(&body(&after, 3), 5, &[Arc::clone(&before), Arc::clone(&after)], Way::Patch)
            .expect("both are allowed");
        assert!(seen.check(&body(&before, 4), 5, &[Arc::clone(&after)], Way::Patch).is_err(), "stale");
        assert!(
            seen.check(&body(&after, 5), 6, &[Arc::clone(&after)], Way::Patch).is_err(),
            "the answer to another question"
        );
        assert!(
            seen.check(&body(&after, 1), 5, &[Arc::clone(&after)], Way::Patch).is_err(),
            "it forgot what it counted"
        );
        let other = body(&after, 9).replace("pid=7", "pid=8");
        assert!(seen.check(&other, 5, &[after], Way::Patch).is_err(), "another process");
    }

    #[test]
    fn modules_are_swapped_as_one() {
        let before = State { layers: all(), greeting: 0 };
        let mut after = before.clone();
        (after.layers[2].marker, after.layers[3].marker) = (9, 9);
        let line = |state: &State, number: usize| format!("{}asked=1 counts=\n", state.layers[number].says(5));
        let body = |of: [&State; 5]| {
            format!("pid=7\n{}", of.iter().enumerate().map(|(number, state)| line(state, number)).collect::<String>())
        };
        let allowed = [Arc::new(before.clone()), Arc::new(after.clone())];
        let check = |of| Seen::default().check(&body(of), 5, &allowed, Way::Modules);
        check([&before; 5]).expect("all old");
        check([&after; 5]).expect("all new");
        assert!(check([&before, &before, &before, &after, &before]).is_err(), "half of it");
    }
}
