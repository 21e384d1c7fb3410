//! The limits of each room, taken from the settings.

use crate::harness::HarnessLimits;
use crate::package::PackageLimits;
use crate::score::ConversationLimits;
use crate::settings::Settings;

impl From<&Settings> for PackageLimits {
    fn from(settings: &Settings) -> PackageLimits {
        PackageLimits {
            max_submission_size_bytes: settings.max_submission_size_bytes,
            max_zip_files: settings.max_zip_files,
            max_zip_uncompressed_bytes: settings.max_zip_uncompressed_bytes,
        }
    }
}

impl From<&Settings> for HarnessLimits {
    fn from(settings: &Settings) -> HarnessLimits {
        HarnessLimits {
            wall_time: settings.evaluation_timeout,
            cpu_seconds: settings.sandbox_cpu_seconds,
            memory_bytes: settings.sandbox_memory_bytes,
            tmp_bytes: settings.sandbox_tmp_bytes,
            pids: settings.sandbox_pids,
            open_files: settings.sandbox_open_files,
            max_output_size_bytes: settings.max_output_size_bytes,
        }
    }
}

impl From<&Settings> for ConversationLimits {
    fn from(settings: &Settings) -> ConversationLimits {
        ConversationLimits {
            min_conversations: settings.min_conversations,
            max_conversations: settings.max_conversations,
        }
    }
}
