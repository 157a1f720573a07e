//! What a session of several programs says: whom a message is about.

use crate::session::message::Message;

/// Whom a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About<'name> {
    /// The only program that there is.
    Only,
    /// Several programs.
    All,
    /// This one of several.
    One(&'name str),
}

/// `message` as it is told.
#[must_use]
pub fn told(message: &Message, about: About<'_>) -> String {
    match about {
        About::Only => message.to_string(),
        About::One(name) => format!("[{name}] {message}"),
        About::All => of_all(message),
    }
}

fn of_all(message: &Message) -> String {
    match message {
        Message::BuildFailed { reason, running: true } => {
            format!("build failed, the programs go on with the old code: {reason}")
        }
        Message::Stopping => "stopping the programs; Ctrl+C again kills them".into(),
        Message::Killing => "killing the programs".into(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{About, told};
    use crate::session::exit::Ending;
    use crate::session::message::Message;

    #[test]
    fn one_of_several_is_named_and_an_only_one_is_not() {
        let message = Message::Stopped(Ending::Code(0));
        assert_eq!(told(&message, About::One("api#2")), "[api#2] the program stopped (exit code 0)");
        assert_eq!(told(&message, About::Only), message.to_string());
        assert_eq!(told(&Message::Stopping, About::Only), "stopping the program; Ctrl+C again kills it");
    }

    #[test]
    fn several_are_several() {
        let failed = Message::BuildFailed { reason: "broken".into(), running: true };
        for message in [failed, Message::Stopping, Message::Killing] {
            let text = told(&message, About::All);
            assert!(text.contains("the programs"), "{text}");
        }
        assert_eq!(told(&Message::Watching { paused: false }, About::All), "resumed: each save is built");
    }
}
