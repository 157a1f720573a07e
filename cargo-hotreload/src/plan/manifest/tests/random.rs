//! The laws on generated manifests, and on text that is none.

use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_assert_eq, proptest};
use proptest::sample::select;
use proptest::test_runner::Config;

use super::super::lines::lines;
use super::super::mark::{self, Mark};
use super::super::{Additions, ManifestError, add, has_additions, remove};
use super::added;
use super::generate::{Dice, additions, manifest};

/// Text that is nearly ours.
fn near_marks() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        " # hotreload: added",
        ": added ",
        "`",
        "\\",
        " and ",
        " (occurrence ",
        "2",
        "0",
        ")",
        "\n",
        "\r\n",
        "\r",
        "[",
        "]",
        "{",
        "}",
        ",",
        " ",
        "\t",
        "\"dylib\"",
        "\u{feff}",
        "é",
        ": no final newline before",
        "99999999999999999999999",
        "=",
        "a",
        " # hotreload: added `, \"dylib\"`",
        ": replaced ",
        " by ",
        " # hotreload: replaced `'cdylib'` by `\"dylib\"`",
        "crate-type = [\"lib\", \"dylib\"]",
        "[lib]",
        "\"\"\"",
        " # hotreload: uncommented `#",
        " # hotreload: uncommented `#\t`",
    ];
    vec(select(PIECES), 0..24).prop_map(|pieces| pieces.concat())
}

/// A manifest and additions that fit. Of all that the generator makes, only a line that ends in a
/// multi-line string may be refused; all other refusals are failures.
fn fitting(numbers: Vec<u8>) -> Option<(String, Additions)> {
    let dice = &mut Dice::new(numbers);
    let additions = additions(dice);
    let text = manifest(dice);
    match add(&text, &additions) {
        Ok(_) => Some((text, additions)),
        Err(ManifestError::Unsupported { what }) if what.contains("multi-line string") => None,
        Err(error) => panic!("{error}\n{text}\n{additions:?}"),
    }
}

/// A line as it stands after `add`, and as it should stand after `remove`, if at all.
type Pair = (String, Option<String>);

/// The lines of the result side by side with those of the manifest.
fn pairs(text: &str, out: &str) -> Vec<Pair> {
    let mut old = lines(text).map(|line| line.content.to_owned());
    let pair = |content: &str| match mark::read(content) {
        Mark::WholeLine(_) => None,
        _ => Some(old.next().expect("a line of the user's for each that is not ours")),
    };
    lines(out).map(|line| line.content).scan(pair, |pair, content| Some((content.to_owned(), pair(content)))).collect()
}

/// What a user does, to both sides alike.
fn edit(dice: &mut Dice, pairs: &mut Vec<Pair>) {
    let at = dice.below(pairs.len() + 1);
    match (dice.below(4), pairs.get_mut(at)) {
        (1, Some(_)) => drop(pairs.remove(at)),
        (2, Some((content, Some(old)))) => {
            content.push_str(" # note");
            old.push_str(" # note");
        }
        (3, Some((content, Some(old)))) => {
            content.insert(0, ' ');
            old.insert(0, ' ');
        }
        _ => {
            let new = dice.pick(&["", "user = 1", "\"user\",", "[user] # mine"]).to_owned();
            pairs.insert(at, (new.clone(), Some(new)));
        }
    }
}

proptest! {
    #![proptest_config(Config { cases: 512, ..Config::default() })]

    #[test]
    fn laws_hold(numbers in vec(any::<u8>(), 0..160)) {
        if let Some((text, additions)) = fitting(numbers) {
            added(&text, &additions);
        }
    }

    #[test]
    fn edits_survive(numbers in vec(any::<u8>(), 0..160), edits in vec(any::<u8>(), 1..24)) {
        if let Some((text, additions)) = fitting(numbers) {
            let text = text.trim_start_matches('\u{feff}');
            let mut pairs = pairs(text, &added(text, &additions));
            let dice = &mut Dice::new(edits);
            for _ in 0..=dice.below(6) {
                edit(dice, &mut pairs);
            }
            let now: Vec<_> = pairs.iter().map(|(content, _)| content.as_str()).collect();
            let expected: Vec<_> = pairs.iter().filter_map(|(_, old)| old.as_deref()).collect();
            let later = remove(&(now.join("\r\n") + "\r\n"));
            // Whether the last line is ended depends on what stands below it; `edits` has that by hand.
            let (later, expected) = (later.trim_end_matches("\r\n"), expected.join("\r\n"));
            prop_assert_eq!(later, expected.trim_end_matches("\r\n"), "from\n{}", now.join("\n"));
        }
    }

    #[test]
    fn remove_takes_anything(text in near_marks()) {
        let once = remove(&text);
        prop_assert_eq!(remove(&once), once.as_str());
        prop_assert_eq!(has_additions(&text), once != text);
    }

    #[test]
    fn add_takes_anything(text in near_marks(), numbers in vec(any::<u8>(), 0..24)) {
        let additions = additions(&mut Dice::new(numbers));
        if let Ok(out) = add(&text, &additions) {
            let bare = remove(&text);
            assert!(text == bare || text == out, "other marks are refused");
            prop_assert_eq!(remove(&out), bare);
        }
    }

    #[test]
    fn any_text(text in any::<String>()) {
        prop_assert_eq!(remove(&text), text.as_str());
        let _ = add(&text, &additions(&mut Dice::new(vec![1; 24])));
    }
}
