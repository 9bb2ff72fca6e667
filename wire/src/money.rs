//! Money in whole minor units of a currency: never a fraction.

/// How many digits a currency has behind the point (ISO 4217).
pub fn minor_digits(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND" | "VUV"
        | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// True for the name of a currency: three capital letters.
pub fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// An amount as people read it: `12.50 ILS`. What has no currency is counted, and is its number.
pub fn shown(minor: i64, currency: &str) -> String {
    if currency.is_empty() {
        return minor.to_string();
    }
    let digits = minor_digits(currency);
    let whole = 10_u64.pow(digits);
    let (sign, amount) = (if minor < 0 { "-" } else { "" }, minor.unsigned_abs());
    let part = match digits {
        0 => String::new(),
        digits => format!(".{:0width$}", amount % whole, width = digits as usize),
    };
    format!("{sign}{}{part} {currency}", amount / whole)
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn a_currency_has_its_own_digits() {
        assert_eq!(shown(1_250, "ILS"), "12.50 ILS");
        assert_eq!(shown(-5, "ILS"), "-0.05 ILS");
        assert_eq!(shown(1_250, "JPY"), "1250 JPY");
        assert_eq!(shown(1_250, "KWD"), "1.250 KWD");
        assert_eq!(shown(2, ""), "2");
    }
}
