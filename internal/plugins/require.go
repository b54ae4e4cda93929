package plugins

import "sluice/connect"

const versionedPluginLoading = "org.apache.kafka.connect.runtime.isolation.VersionedPluginLoadingException"

// Require checks that a plugin has a version that a configuration asks for
// (KIP-891): one version, a range, "latest", or "" for any. key is that of the
// wanted version. The message begins as Java's.
func Require(class, has, key, wanted string) error {
	if wanted == "" {
		return nil
	}
	r, err := ParseRange(wanted)
	if err != nil {
		return connect.ClassErrorf(versionedPluginLoading, "%w (%s=%s)", err, key, wanted)
	}
	if !r.Contains(has) {
		return connect.ClassErrorf(versionedPluginLoading, "%s (%s=%s)", NoVersion(class, r, has), key, wanted)
	}
	return nil
}
