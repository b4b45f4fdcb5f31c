//! Key validation: the SOAP service of older key managers, which decides about a token for one operation of an API.

mod answer;
mod request;
mod soap;
mod validator;

pub(crate) use answer::{KeyInfo, Reply, parse};
pub(crate) use request::KeyQuestion;
pub(crate) use validator::{KeyValidator, Validation};
