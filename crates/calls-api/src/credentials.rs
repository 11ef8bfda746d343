//! Credentials of senders.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use hmac::{Hmac, Mac as _};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Credentials of senders. Without any, no calls are accepted over HTTP.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// Token of all senders except Twilio.
    pub ingest_token: Option<Secret>,
    /// Signing key of Twilio.
    pub twilio: Option<Twilio>,
}

/// A secret, whose `Debug` output hides it.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Minimum length in characters; a shorter secret could be guessed.
    const SHORTEST: usize = 16;

    /// Whether the text is the secret, in constant time: SHA-256 digests are compared.
    pub fn is(&self, text: &str) -> bool {
        Sha256::digest(&self.0).ct_eq(&Sha256::digest(text)).into()
    }
}

impl std::str::FromStr for Secret {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.chars().count() {
            length if length >= Self::SHORTEST => Ok(Self(text.to_owned())),
            length => Err(format!("expected at least {} characters, but found {length}", Self::SHORTEST)),
        }
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// Verifies signatures of Twilio's requests.
#[derive(Debug, Clone)]
pub struct Twilio {
    /// The account's auth token.
    pub auth_token: Secret,
    /// Public URL of this server without a trailing slash: `https://calls.example.com`.
    pub public_url: String,
}

impl Twilio {
    /// Whether a form that was posted to this path and query has a valid signature: the base64 of the
    /// HMAC-SHA1 of the URL and, sorted by name, all names and values
    /// (<https://www.twilio.com/docs/usage/security>).
    pub fn has_signed(&self, signature: &str, path: &str, form: &[(String, String)]) -> bool {
        let Ok(signature) = BASE64_STANDARD.decode(signature) else { return false };
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(self.auth_token.0.as_bytes()) else { return false };
        mac.update(self.public_url.as_bytes());
        mac.update(path.as_bytes());
        let mut form: Vec<_> = form.iter().collect();
        form.sort();
        form.dedup();
        for (name, value) in form {
            mac.update(name.as_bytes());
            mac.update(value.as_bytes());
        }
        mac.verify_slice(&signature).is_ok()
    }
}

/// The token of an `Authorization` header with the scheme Bearer (RFC 6750) or, if `or_basic`, the password
/// of the scheme Basic (RFC 7617).
pub fn token(authorization: &str, or_basic: bool) -> Option<String> {
    let (scheme, rest) = authorization.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    let is_basic = or_basic && scheme.eq_ignore_ascii_case("basic");
    let pair = is_basic.then(|| BASE64_STANDARD.decode(rest.trim()).ok())??;
    let pair = String::from_utf8(pair).ok()?;
    pair.split_once(':').map(|(_, password)| password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_from_either_scheme() {
        assert_eq!(token("Bearer abc", false).as_deref(), Some("abc"));
        assert_eq!(token("bearer  abc ", true).as_deref(), Some("abc"));
        let basic = format!("Basic {}", BASE64_STANDARD.encode("freeswitch:a:b"));
        assert_eq!(token(&basic, true).as_deref(), Some("a:b"));
        for (header, or_basic) in [(basic.as_str(), false), ("Basic !", true), ("abc", true), ("", true)] {
            assert_eq!(token(header, or_basic), None, "{header}");
        }
    }

    #[test]
    fn a_secret_is_itself_alone_and_is_never_shown() {
        let secret: Secret = "0123456789abcdef".parse().unwrap();
        assert!(secret.is("0123456789abcdef"));
        for other in ["", "0123456789abcde", "0123456789abcdefg", "0123456789abcdeF"] {
            assert!(!secret.is(other), "{other}");
        }
        assert_eq!(format!("{secret:?}"), "Secret");
        assert!("short".parse::<Secret>().unwrap_err().contains("found 5"));
    }

    #[test]
    fn a_signature_is_the_one_that_twilio_documents() {
        // The example in Twilio's documentation.
        let twilio =
            Twilio { auth_token: Secret("12345".to_owned()), public_url: "https://mycompany.com".to_owned() };
        let form = [
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+14158675309"),
            ("Digits", "1234"),
            ("From", "+14158675309"),
            ("To", "+18005551212"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let path = "/myapp.php?foo=1&bar=2";
        assert!(twilio.has_signed("RSOYDt4T1cUTdK1PDd93/VVr8B8=", path, &form));
        assert!(!twilio.has_signed("RSOYDt4T1cUTdK1PDd93/VVr8B8=", "/myapp.php?foo=1&bar=3", &form));
        assert!(!twilio.has_signed("RSOYDt4T1cUTdK1PDd93/VVr8B8=", path, &form[1..]));
        assert!(!twilio.has_signed("", path, &form));
    }
}
