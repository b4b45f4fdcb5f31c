//! `Max-Forwards` (RFC 9110, 7.6.2): how many intermediaries an OPTIONS may still pass.

use http::header::MAX_FORWARDS;
use http::{HeaderMap, HeaderValue, Method};

/// What `Max-Forwards` says about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MaxForwards {
    /// Nothing: it is forwarded as it is.
    Unlimited,
    /// This gateway is the last that it may reach.
    Here,
    /// It is forwarded with this number.
    Further(u32),
}

impl MaxForwards {
    /// Reads the header of an OPTIONS; TRACE is never forwarded, and for other methods it has no meaning.
    pub(crate) fn of(method: &Method, headers: &HeaderMap) -> Self {
        if *method != Method::OPTIONS {
            return Self::Unlimited;
        }
        let number = headers
            .get(MAX_FORWARDS)
            .and_then(|value| value.to_str().ok()?.trim().parse::<u32>().ok());
        match number {
            None => Self::Unlimited,
            Some(0) => Self::Here,
            Some(number) => Self::Further(number - 1),
        }
    }

    /// Writes the number for the next hop.
    pub(crate) fn apply(self, headers: &mut HeaderMap) {
        if let Self::Further(number) = self {
            headers.insert(MAX_FORWARDS, HeaderValue::from(number));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_options_count_down() {
        for (method, value, expected) in [
            (Method::OPTIONS, "0", MaxForwards::Here),
            (Method::OPTIONS, "3", MaxForwards::Further(2)),
            (Method::OPTIONS, "-1", MaxForwards::Unlimited),
            (Method::OPTIONS, "99999999999", MaxForwards::Unlimited),
            (Method::GET, "0", MaxForwards::Unlimited),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(MAX_FORWARDS, HeaderValue::from_static(value));
            let found = MaxForwards::of(&method, &headers);
            assert_eq!(found, expected, "{method} {value}");
            found.apply(&mut headers);
            let written = if expected == MaxForwards::Further(2) {
                "2"
            } else {
                value
            };
            assert_eq!(headers[MAX_FORWARDS], written);
        }
        assert_eq!(
            MaxForwards::of(&Method::OPTIONS, &HeaderMap::new()),
            MaxForwards::Unlimited
        );
    }
}
