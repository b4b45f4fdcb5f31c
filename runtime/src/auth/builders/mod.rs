//! Makes the parts of [`Security`](super::Security) from the configuration and the files it names.

mod control_plane;
mod files;
mod issuers;
mod key_manager;
mod operator_clients;
mod signers;

pub(super) use control_plane::{
    extra_roots, global_limits, subscription_data, traffic_manager, unusable_roots, usage_service,
};
pub(super) use files::read;
pub(super) use files::revoke_from_file;
pub(super) use issuers::{api_key_issuer, key_source, trusted};
pub(super) use key_manager::{claim_source, opaque_tokens, token_proxy};
pub(super) use operator_clients::operator_clients;
pub(super) use signers::{api_key_signer, backend_tokens};
