//! Files as text, although they may have bytes that are no UTF-8: what is ours in them can be taken out all the same.

use std::borrow::Cow;

/// What stands for the byte 0; the others follow. Nobody writes characters of the last private plane.
const FIRST: u32 = 0x10_FE00;

/// `bytes` as text; each byte that is no UTF-8 becomes a character that stands for it.
///
/// # Errors
/// There are such characters in it already.
pub fn decode(bytes: Vec<u8>) -> Result<String, Vec<u8>> {
    if bytes.utf8_chunks().flat_map(|chunk| chunk.valid().chars()).any(|c| byte(c).is_some()) {
        return Err(bytes);
    }
    let stands_for = |byte: &u8| char::from_u32(FIRST + u32::from(*byte)).unwrap_or_default();
    String::from_utf8(bytes).or_else(|error| {
        let chunks = error.as_bytes().utf8_chunks();
        Ok(chunks.fold(String::new(), |mut text, chunk| {
            text.push_str(chunk.valid());
            text.extend(chunk.invalid().iter().map(stands_for));
            text
        }))
    })
}

/// The bytes that [`decode`] has made `text` from.
#[must_use]
pub fn encode(text: &str) -> Cow<'_, [u8]> {
    if !text.chars().any(|c| byte(c).is_some()) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        match byte(c) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Cow::Owned(bytes)
}

/// The byte that `c` stands for.
fn byte(c: char) -> Option<u8> {
    u32::from(c).checked_sub(FIRST).and_then(|number| u8::try_from(number).ok())
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn every_byte_comes_back() {
        let all: Vec<u8> = (0..=255).chain("é\u{1F600}".bytes()).chain([0xE2, 0x82]).collect();
        for bytes in [all, b"plain\r\n".to_vec(), Vec::new()] {
            assert_eq!(encode(&decode(bytes.clone()).expect("none of ours in it")), bytes);
        }
    }

    #[test]
    fn what_could_be_mistaken_is_refused() {
        assert!(decode("\u{10FEFF}".into()).is_err());
    }
}
