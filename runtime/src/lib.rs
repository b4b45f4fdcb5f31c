//! The embedded gateway: it knows bundles and sockets, nothing of projects, prompts or the control plane.
