//! The front page of the example server.

/// What the page says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) greeting: String,
    pub(super) pid: u32,
    pub(super) requests: u64,
    pub(super) notes: u64,
}

impl Page {
    /// Reads `text`, or `None` if it is some other page.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        Some(Self {
            greeting: text.lines().next()?.to_owned(),
            pid: field("pid")?.parse().ok()?,
            requests: field("requests")?.parse().ok()?,
            notes: field("notes")?.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Page;

    #[test]
    fn a_page_is_read_and_garbage_is_none() {
        let page = Page::parse("Hi\npid: 7\nrequests: 3\nnotes: 1\n").expect("a page");
        assert_eq!((page.greeting.as_str(), page.pid, page.requests, page.notes), ("Hi", 7, 3, 1));
        assert_eq!(Page::parse("Hi\npid: x\n"), None);
    }
}
