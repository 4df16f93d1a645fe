//! The pieces that stored hashes are written in.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use phc::{ParamsString, Value};

/// Exactly `N` fields, neither fewer nor more.
pub(super) fn fields<const N: usize>(text: &str, separator: char) -> Option<[&str; N]> {
    let fields: Vec<_> = text.splitn(N.saturating_add(1), separator).collect();
    fields.try_into().ok()
}

/// A number without sign, space or leading zeros.
pub(super) fn decimal(text: &str) -> Option<u32> {
    Value::new(text).and_then(|value| value.decimal()).ok()
}

/// The decimal parameters of a PHC string in the order of `names`.
///
/// `None` when one is repeated, is not a number or is not among `names`: a parameter that is not
/// understood may change what the hash means.
pub(super) fn parameters<const N: usize>(
    params: &ParamsString,
    names: [&str; N],
) -> Option<[Option<u32>; N]> {
    let mut values = [None; N];
    for (name, value) in params.iter() {
        let place = names.iter().position(|known| *known == name.as_str())?;
        if values.get_mut(place)?.replace(value.decimal().ok()?).is_some() {
            return None;
        }
    }
    Some(values)
}

/// passlib's base64: no padding, and `.` in the place of `+`.
pub(super) fn adapted_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD_NO_PAD.decode(text.replace('.', "+")).ok()
}

/// Bytes as pairs of hexadecimal digits.
pub(super) fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<_> = text.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted() {
        assert_eq!(fields("a$b$", '$'), Some(["a", "b", ""]));
        assert_eq!(fields::<2>("a$b$", '$'), None);
        assert_eq!(fields::<4>("a$b$", '$'), None);
        assert_eq!(fields::<1>(&"$".repeat(1_000_000), '$'), None);
    }

    #[test]
    fn numbers_are_written_in_one_way() {
        assert_eq!(decimal("0"), Some(0));
        assert_eq!(decimal("4294967295"), Some(u32::MAX));
        for refused in
            ["", "00", "01", "+1", "-1", " 1", "1 ", "1.0", "1_0", "\u{661}", "4294967296"]
        {
            assert_eq!(decimal(refused), None, "{refused}");
        }
    }

    #[test]
    fn parameters_are_known_and_named_once() {
        let read = |text: &str| parameters(&text.parse().unwrap(), ["m", "t"]);
        assert_eq!(read("m=1,t=2"), Some([Some(1), Some(2)]));
        assert_eq!(read("t=2"), Some([None, Some(2)]));
        for refused in ["m=1,m=1", "m=1,x=2", "m=x", "m=01", "m=4294967296", "m=+1"] {
            assert_eq!(read(refused), None, "{refused}");
        }
    }

    #[test]
    fn base64_of_passlib_takes_a_dot_for_a_plus() {
        assert_eq!(adapted_base64("..AA"), Some(vec![0xfb, 0xe0, 0x00]));
        assert_eq!(adapted_base64("++AA"), Some(vec![0xfb, 0xe0, 0x00]));
        for refused in ["A", "AA==", "-_AA", "é"] {
            assert_eq!(adapted_base64(refused), None, "{refused}");
        }
    }

    #[test]
    fn hexadecimal_digits_come_in_pairs() {
        assert_eq!(hexadecimal(""), Some(vec![]));
        assert_eq!(hexadecimal("00fFa9"), Some(vec![0x00, 0xff, 0xa9]));
        for refused in ["0", "000", "0g", "+f", "é", "0é", "0x00"] {
            assert_eq!(hexadecimal(refused), None, "{refused}");
        }
    }
}
