//! What a container gets, checked before anything is started.

use super::ContainerError;

/// The image the live service uses.
const SERVICE_IMAGE: &str = "python:3.12-slim";
/// Longest image name.
const MAX_IMAGE_CHARS: usize = 255;
/// What the name of a network begins with that harnesses may be attached to.
const NETWORK_PREFIX: &str = "platform_";

/// How containers are made. Sizes are in Docker's own syntax.
#[derive(Debug, Clone)]
pub struct ContainerSettings {
    /// The challenge's short name: part of every container's name and a label.
    pub slug: String,
    /// The image.
    pub image: String,
    /// Images that may be used; a trailing `*` makes a name a prefix.
    pub allowed_images: Vec<String>,
    /// `none`, or a network whose name begins with `platform_`.
    pub network: String,
    /// Processors.
    pub cpus: f64,
    /// Memory.
    pub memory: String,
    /// Memory and swap together.
    pub memory_swap: String,
    /// Most processes and threads.
    pub pids_limit: u64,
    /// Whether the root is read-only.
    pub read_only: bool,
    /// User inside, if not nobody (65534).
    pub user: Option<String>,
    /// Whether harnesses are bound by dfab's filter on system calls, on top of the engine's.
    pub own_filter: bool,
}

impl ContainerSettings {
    /// Checks image and network.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn check(&self) -> Result<(), ContainerError> {
        let image = &self.image;
        if !is_image_name(image) {
            return Err(ContainerError::ImageName {
                image: image.clone(),
            });
        }
        if !self.allowed_images.iter().any(|rule| allows(rule, image)) {
            return Err(ContainerError::ImageNotAllowed {
                image: image.clone(),
                allowed: self.allowed_images.join(", "),
            });
        }
        if !is_network(&self.network) {
            return Err(ContainerError::NetworkNotAllowed {
                network: self.network.clone(),
            });
        }
        Ok(())
    }

    /// The user inside.
    pub(crate) fn user(&self) -> &str {
        self.user.as_deref().unwrap_or(super::NOBODY)
    }

    /// `--cpus` and the broker's `cpus`: a whole number keeps its `.0`, as the service writes it.
    pub(crate) fn cpus_text(&self) -> String {
        format!("{:?}", self.cpus)
    }
}

/// The image harnesses run in: the first one on the list of allowed images that is a name and not a
/// prefix, else the live service's.
pub fn choose_image(allowed: &[String]) -> String {
    allowed
        .iter()
        .find(|rule| !rule.ends_with('*'))
        .cloned()
        .unwrap_or_else(|| SERVICE_IMAGE.to_owned())
}

fn allows(rule: &str, image: &str) -> bool {
    match rule.strip_suffix('*') {
        Some(prefix) => image.starts_with(prefix),
        None => rule == image,
    }
}

/// `^[a-zA-Z0-9][a-zA-Z0-9./_:@+-]{0,254}$`. It also keeps a name from being read as an option.
fn is_image_name(image: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"./_:@+-".contains(&byte);
    image.len() <= MAX_IMAGE_CHARS
        && image.bytes().all(inner)
        && image
            .as_bytes()
            .first()
            .is_some_and(u8::is_ascii_alphanumeric)
}

fn is_network(network: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    network == "none" || (network.starts_with(NETWORK_PREFIX) && network.bytes().all(inner))
}

/// The settings that tests start from: the defaults.
#[cfg(test)]
pub(crate) fn usual() -> ContainerSettings {
    ContainerSettings {
        slug: "data-fabrication".to_owned(),
        image: SERVICE_IMAGE.to_owned(),
        allowed_images: vec![SERVICE_IMAGE.to_owned()],
        network: "none".to_owned(),
        cpus: 2.0,
        memory: "4g".to_owned(),
        memory_swap: "4g".to_owned(),
        pids_limit: 512,
        read_only: true,
        user: None,
        own_filter: true,
    }
}
