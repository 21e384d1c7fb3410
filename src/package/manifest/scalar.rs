//! What a plain scalar means under YAML 1.1 as PyYAML's safe loader reads it.

/// Most decimal digits of an integer: CPython turns no longer ones into text.
const MAX_INTEGER_DIGITS: usize = 4300;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    /// Decimal digits, with a minus sign where negative.
    Int(String),
    Float(f64),
    Text(String),
    /// ISO 8601 text of a date or a time.
    Time(String),
    /// `<<`, which merges where it is a key.
    Merge,
    /// `=`, which is text where it is a key and nothing elsewhere.
    Default,
}

/// Resolves a plain scalar; an error says what its form promises and its value breaks.
pub(super) fn resolve(text: &str) -> Result<Scalar, String> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Scalar::Bool(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Scalar::Bool(false)
        }
        "<<" => Scalar::Merge,
        "=" => Scalar::Default,
        _ if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) => {
            Scalar::Text(text.to_owned())
        }
        _ => {
            if let Some(float) = float(text) {
                Scalar::Float(float)
            } else if let Some(int) = int(text) {
                Scalar::Int(int?)
            } else if let Some(time) = Timestamp::parse(text) {
                Scalar::Time(time.iso()?)
            } else {
                Scalar::Text(text.to_owned())
            }
        }
    })
}

fn split_sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

fn is_all(text: &str, accept: impl Fn(u8) -> bool) -> bool {
    text.bytes().all(accept)
}

fn digits_or_underscores(text: &str) -> bool {
    is_all(text, |b| b.is_ascii_digit() || b == b'_')
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

/// Whether text is `:0` to `:59` one or more times, each with an optional leading zero.
fn is_sixties(text: &str) -> bool {
    let Some(parts) = text.strip_prefix(':') else {
        return false;
    };
    parts.split(':').all(|part| match part.as_bytes() {
        [unit] => unit.is_ascii_digit(),
        [ten, unit] => matches!(ten, b'0'..=b'5') && unit.is_ascii_digit(),
        _ => false,
    })
}

/// Splits `1_0:30` into `1_0` and `:30`.
fn split_sixties(text: &str) -> Option<(&str, &str)> {
    let colon = text.find(':')?;
    let (head, tail) = (text.get(..colon)?, text.get(colon..)?);
    is_sixties(tail).then_some((head, tail))
}

fn float(text: &str) -> Option<f64> {
    match text {
        ".nan" | ".NaN" | ".NAN" => return Some(f64::NAN),
        _ => {}
    }
    let (is_negative, body) = split_sign(text);
    let has_sign = body.len() != text.len();
    let sign = if is_negative { -1.0 } else { 1.0 };
    if matches!(body, ".inf" | ".Inf" | ".INF") {
        return Some(sign * f64::INFINITY);
    }
    let dot = body.find('.')?;
    let (whole, rest) = (body.get(..dot)?, body.get(dot + 1..)?);
    if let Some((head, tail)) = split_sixties(whole) {
        let is_form =
            starts_with_digit(head) && digits_or_underscores(head) && digits_or_underscores(rest);
        return is_form.then(|| sign * sixties_float(head, tail, rest));
    }
    let (fraction, exponent) = match rest.find(['e', 'E']) {
        Some(e) => (rest.get(..e)?, Some(rest.get(e + 1..)?)),
        None => (rest, None),
    };
    let exponent_fits = exponent.is_none_or(|exponent| {
        exponent
            .strip_prefix(['+', '-'])
            .is_some_and(|digits| !digits.is_empty() && is_all(digits, |b| b.is_ascii_digit()))
    });
    let mantissa_fits = if whole.is_empty() {
        !has_sign && starts_with_digit(fraction)
    } else {
        starts_with_digit(whole) && digits_or_underscores(whole)
    };
    if !exponent_fits || !mantissa_fits || !digits_or_underscores(fraction) {
        return None;
    }
    let plain: String = body.chars().filter(|&c| c != '_').collect();
    plain.parse::<f64>().ok().map(|value| sign * value)
}

/// `1:30.5` as 90.5: the parts from the last, each worth sixty times the one after it.
fn sixties_float(head: &str, tail: &str, fraction: &str) -> f64 {
    let text: String = format!("{head}{tail}.{fraction}")
        .chars()
        .filter(|&c| c != '_')
        .collect();
    let (mut value, mut base) = (0.0, 1.0);
    for part in text.rsplit(':') {
        value += part.parse::<f64>().unwrap_or(f64::NAN) * base;
        base *= 60.0;
    }
    value
}

/// An integer in any of its forms, in decimal; None if the text has none of the forms.
fn int(text: &str) -> Option<Result<String, String>> {
    let (is_negative, body) = split_sign(text);
    let radix_and_digits = if let Some(digits) = body.strip_prefix("0b") {
        (!digits.is_empty() && is_all(digits, |b| matches!(b, b'0' | b'1' | b'_')))
            .then_some((2, digits))
    } else if let Some(digits) = body.strip_prefix("0x") {
        (!digits.is_empty() && is_all(digits, |b| b.is_ascii_hexdigit() || b == b'_'))
            .then_some((16, digits))
    } else if body.len() > 1 && body.starts_with('0') {
        is_all(body, |b| matches!(b, b'0'..=b'7' | b'_')).then_some((8, body))
    } else {
        (starts_with_digit(body) && digits_or_underscores(body)).then_some((10, body))
    };
    let magnitude = match radix_and_digits {
        Some((radix, digits)) => from_radix(digits, radix),
        None => {
            let (head, tail) = split_sixties(body)?;
            if !head.starts_with(|c| matches!(c, '1'..='9')) || !digits_or_underscores(head) {
                return None;
            }
            from_sixties(head, tail)
        }
    };
    let sign = |digits: String| {
        if is_negative && digits != "0" {
            format!("-{digits}")
        } else {
            digits
        }
    };
    Some(magnitude.map(sign))
}

fn from_radix(digits: &str, radix: u32) -> Result<String, String> {
    let mut number = Decimal::default();
    let mut has_digit = false;
    for c in digits.chars() {
        if let Some(digit) = c.to_digit(radix) {
            number.multiply_add(radix, digit)?;
            has_digit = true;
        }
    }
    if has_digit {
        number.into_text()
    } else {
        Err("an integer without digits".to_owned())
    }
}

fn from_sixties(head: &str, tail: &str) -> Result<String, String> {
    let mut number = Decimal::default();
    for digit in head.chars().filter_map(|c| c.to_digit(10)) {
        number.multiply_add(10, digit)?;
    }
    for part in tail.split(':').skip(1) {
        number.multiply_add(60, part.parse().unwrap_or_default())?;
    }
    number.into_text()
}

/// A natural number as base 10⁹ limbs, least first.
#[derive(Default)]
struct Decimal(Vec<u32>);

impl Decimal {
    const LIMB: u64 = 1_000_000_000;

    fn multiply_add(&mut self, factor: u32, summand: u32) -> Result<(), String> {
        let mut carry = u64::from(summand);
        for limb in &mut self.0 {
            let value = u64::from(*limb) * u64::from(factor) + carry;
            // Both fit: the remainder is under 10⁹.
            *limb = (value % Self::LIMB) as u32;
            carry = value / Self::LIMB;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
        if self.0.len() > MAX_INTEGER_DIGITS / 9 + 1 {
            Err(Self::too_long())
        } else {
            Ok(())
        }
    }

    fn into_text(self) -> Result<String, String> {
        let mut limbs = self.0.iter().rev();
        let mut text = limbs.next().map_or_else(|| "0".to_owned(), u32::to_string);
        for limb in limbs {
            text.push_str(&format!("{limb:09}"));
        }
        if text.len() > MAX_INTEGER_DIGITS {
            Err(Self::too_long())
        } else {
            Ok(text)
        }
    }

    fn too_long() -> String {
        format!("an integer of more than {MAX_INTEGER_DIGITS} digits")
    }
}

/// The parts of a date or time, unchecked.
#[derive(Debug, Clone, PartialEq)]
struct Timestamp {
    year: u32,
    month: u32,
    day: u32,
    time: Option<Time>,
}

#[derive(Debug, Clone, PartialEq)]
struct Time {
    hour: u32,
    minute: u32,
    second: u32,
    microsecond: u32,
    /// Minutes east of UTC; None without a zone.
    zone: Option<i32>,
}

/// Takes text apart from the left.
struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    /// A number of `least` to `most` digits.
    fn number(&mut self, least: usize, most: usize) -> Option<u32> {
        let length = self
            .0
            .bytes()
            .take(most)
            .take_while(u8::is_ascii_digit)
            .count();
        if length < least {
            return None;
        }
        let (digits, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        digits.parse().ok()
    }

    fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    fn take(&mut self, c: char) -> Option<()> {
        self.0 = self.0.strip_prefix(c)?;
        Some(())
    }

    fn blanks(&mut self) -> bool {
        let rest = self.0.trim_start_matches([' ', '\t']);
        let has_any = rest.len() != self.0.len();
        self.0 = rest;
        has_any
    }
}

impl Timestamp {
    fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader(text);
        let year = reader.number(4, 4)?;
        reader.take('-')?;
        let month_start = reader.0.len();
        let month = reader.number(1, 2)?;
        reader.take('-')?;
        let day = reader.number(1, 2)?;
        if reader.is_over() {
            // A date alone has two digits each; with a time one will do.
            let is_padded = month_start == "MM-DD".len();
            return is_padded.then_some(Self {
                year,
                month,
                day,
                time: None,
            });
        }
        if reader.take('T').or_else(|| reader.take('t')).is_none() && !reader.blanks() {
            return None;
        }
        let hour = reader.number(1, 2)?;
        reader.take(':')?;
        let minute = reader.number(2, 2)?;
        reader.take(':')?;
        let second = reader.number(2, 2)?;
        let microsecond = if reader.take('.').is_some() {
            microseconds(&mut reader)
        } else {
            0
        };
        let has_blanks = reader.blanks();
        let zone = if reader.is_over() {
            if has_blanks {
                return None;
            }
            None
        } else {
            Some(zone(&mut reader)?)
        };
        let time = Time {
            hour,
            minute,
            second,
            microsecond,
            zone,
        };
        reader.is_over().then_some(Self {
            year,
            month,
            day,
            time: Some(time),
        })
    }

    /// ISO 8601 text, as Python's `isoformat`; an error for days and hours that do not exist.
    fn iso(&self) -> Result<String, String> {
        let is_leap = self.year.is_multiple_of(4)
            && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        let days = match self.month {
            2 if is_leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => 0,
        };
        if self.year == 0 || self.day == 0 || self.day > days {
            return Err("a date that does not exist".to_owned());
        }
        let date = format!("{:04}-{:02}-{:02}", self.year, self.month, self.day);
        match &self.time {
            None => Ok(date),
            Some(time) => Ok(format!("{date}T{}", time.iso()?)),
        }
    }
}

impl Time {
    fn iso(&self) -> Result<String, String> {
        if self.hour > 23 || self.minute > 59 || self.second > 59 {
            return Err("a time of day that does not exist".to_owned());
        }
        let mut text = format!("{:02}:{:02}:{:02}", self.hour, self.minute, self.second);
        if self.microsecond > 0 {
            text.push_str(&format!(".{:06}", self.microsecond));
        }
        if let Some(zone) = self.zone {
            let minutes = zone.unsigned_abs();
            if minutes >= 24 * 60 {
                return Err("a time zone a day or more from UTC".to_owned());
            }
            let sign = if zone < 0 { '-' } else { '+' };
            text.push_str(&format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60));
        }
        Ok(text)
    }
}

/// The first six digits of a fraction as microseconds; further ones are dropped.
fn microseconds(reader: &mut Reader<'_>) -> u32 {
    let rest = reader.0.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = reader.0.bytes().take(reader.0.len() - rest.len());
    reader.0 = rest;
    let padded = digits.chain(std::iter::repeat(b'0')).take(6);
    padded.fold(0, |value, digit| value * 10 + u32::from(digit - b'0'))
}

fn zone(reader: &mut Reader<'_>) -> Option<i32> {
    if reader.take('Z').is_some() {
        return Some(0);
    }
    let is_negative = reader.take('-').is_some();
    if !is_negative {
        reader.take('+')?;
    }
    let hours = reader.number(1, 2)?;
    let minutes = if reader.take(':').is_some() {
        reader.number(2, 2)?
    } else {
        0
    };
    let offset = i32::try_from(hours * 60 + minutes).ok()?;
    Some(if is_negative { -offset } else { offset })
}
