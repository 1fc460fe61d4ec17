//! What an element would take as values, judged before any are made.
//!
//! Why: a number of one byte becomes a value of 32, and an object with one field takes 600; an element that is not too long
//! could fill the memory all the same.

/// Bytes that the values of an element may take.
const MOST: usize = 96 << 20;
/// Elements below this many bytes cannot take more.
const SMALL: usize = MOST / 120;
/// Bytes of a value in a list, of a list, of an object.
const VALUE: usize = 32;
const LIST: usize = 144;
const OBJECT: usize = 640;

/// Refuses what would take too much.
///
/// # Errors
/// Why, as half a sentence.
pub(super) fn check(bytes: &[u8]) -> Result<(), String> {
    if bytes.len() < SMALL || weight(bytes) <= MOST {
        return Ok(());
    }
    Err(format!("it holds so many values that they would take more than {} MiB; split it", MOST >> 20))
}

fn weight(bytes: &[u8]) -> usize {
    let (mut quoted, mut escaped, mut sum) = (false, false, 0);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => sum += VALUE,
            b'[' if !quoted => sum += LIST,
            b'{' if !quoted => sum += OBJECT,
            _ => {}
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_values_are_refused_and_long_texts_are_not() {
        let told = |one: &str, n: usize| check(format!("[{}]", vec![one; n].join(",")).as_bytes()).is_err();
        assert!(told("{\"\":0}", 200_000) && told("[]", 800_000) && told("1", 4_000_000));
        assert!(!told("{\"\":0}", 100_000) && !told("1.25", 2_000_000) && !told("\"{[,\\\"{[,\"", 900_000));
    }
}
