//! How much room text takes on a terminal, escape codes left out.

use anstream::adapter::strip_str;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How many columns `text` takes, which is one line.
#[must_use]
pub fn columns(text: &str) -> usize {
    strip_str(text).to_string().width()
}

/// How many rows `text` takes on a terminal of `width` columns.
#[must_use]
pub fn rows(text: &str, width: usize) -> usize {
    text.lines().map(|line| columns(line).max(1).div_ceil(width.max(1))).sum()
}

/// `text`, which is one line without escape codes, with at most `width` columns.
#[must_use]
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut room = width.saturating_sub(1);
    let fits = |c: &char| {
        let needed = c.width().unwrap_or_default();
        let fits = needed <= room;
        room = if fits { room - needed } else { 0 };
        fits
    };
    let mut cut: String = text.chars().take_while(fits).collect();
    cut.extend((width > 0).then_some('…'));
    cut
}

#[cfg(test)]
mod tests {
    use super::{columns, cut, rows};

    #[test]
    fn escape_codes_take_no_room_and_wide_characters_take_two() {
        assert_eq!(columns("\x1b[1;31merror\x1b[0m"), 5);
        assert_eq!(columns("模块"), 4);
        assert_eq!(rows("12345\n\n123456", 5), 4);
        assert_eq!(rows("", 5), 0);
    }

    #[test]
    fn what_is_cut_says_so_and_never_takes_more() {
        assert_eq!(cut("running", 7), "running");
        assert_eq!(cut("running", 4), "run…");
        assert_eq!(cut("模块模块", 4), "模…");
        assert_eq!(cut("running", 0), "");
        for width in 0..12 {
            assert!(columns(&cut("a模b块c模d块", width)) <= width);
        }
    }
}
