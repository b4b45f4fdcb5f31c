//! The token issuer: its key, and the tokens of the subscribers.

use super::subscribers::{self, consumer_key, id, name, owner, subscription_policy};
use super::{SECURED_API, VERSION, base_path};
use crate::failure::Failure;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The `iss` claim.
pub(crate) const ISSUER: &str = "https://localhost:9443/oauth2/token";

/// The `kid` of the tokens.
const KEY_ID: &str = "bench-issuer";

/// How long a token is good for, in seconds: longer than any run.
const LIFETIME: u64 = 24 * 3600;

/// An issuer with a fresh RSA key of 2048 bits.
pub(crate) struct Issuer {
    signer: EncodingKey,
    /// Self-signed certificate of the key, PEM.
    pub certificate: PathBuf,
    /// The public key alone, PEM.
    pub public_key: PathBuf,
}

/// Shows no key.
impl std::fmt::Debug for Issuer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Issuer")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

impl Issuer {
    /// Makes an issuer and writes its certificate and public key to `folder`, in files called after `name`. The private
    /// key stays in memory.
    pub(crate) fn create(folder: &Path, name: &str) -> Result<Self, Failure> {
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
        let certificate = CertificateParams::new(vec!["localhost".to_owned()])?.self_signed(&key)?;
        let issuer = Self {
            signer: EncodingKey::from_rsa_pem(key.serialize_pem().as_bytes())?,
            certificate: folder.join(format!("{name}.pem")),
            public_key: folder.join(format!("{name}-public.pem")),
        };
        super::write(&issuer.certificate, &certificate.pem())?;
        super::write(&issuer.public_key, &key.public_key_pem())?;
        Ok(issuer)
    }

    /// Signs token `number` of an application.
    pub(crate) fn token(&self, application: usize, number: usize) -> Result<String, Failure> {
        let header = Header {
            kid: Some(KEY_ID.to_owned()),
            ..Header::new(Algorithm::RS256)
        };
        Ok(encode(&header, &claims(application, number, now()), &self.signer)?)
    }
}

/// The claims that a control plane's key manager puts into a self-contained token.
fn claims(application: usize, number: usize, now: u64) -> Value {
    let policy = subscription_policy(application);
    json!({
        "iss": ISSUER,
        "sub": format!("{}@carbon.super", owner(application)),
        "aud": consumer_key(application),
        "azp": consumer_key(application),
        "iat": now,
        "nbf": now,
        "exp": now + LIFETIME,
        "jti": format!("00000000-0000-4000-8000-{application:06}{number:06}"),
        "scope": "am_application_scope default",
        "keytype": "PRODUCTION",
        "consumerKey": consumer_key(application),
        "application": {
            "id": application + 1,
            "uuid": id(application),
            "name": name(application),
            "owner": owner(application),
            "tier": super::policies::AMPLE,
            "tierQuotaType": "requestCount",
        },
        "tierInfo": {
            policy: { "tierQuotaType": "requestCount", "stopOnQuotaReach": true, "spikeArrestLimit": 0 },
        },
        "subscribedAPIs": [{
            "name": SECURED_API,
            "version": VERSION,
            "context": base_path(SECURED_API),
            "publisher": "admin",
            "subscriptionTier": policy,
            "subscriberTenantDomain": "carbon.super",
        }],
    })
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// The application of the `number`th token when all applications take turns.
pub(super) fn application_in_turn(number: usize) -> usize {
    number % subscribers::COUNT
}
