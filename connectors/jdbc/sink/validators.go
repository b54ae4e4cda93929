package sink

import (
	"slices"
	"strings"

	"sluice/connect/config"
)

// enum accepts the values in upper or lower case, also as items of a list. The
// lower-case form is canonical.
type enum []string

// Check implements config.Validator.
func (e enum) Check(name string, value any) error {
	items, ok := value.([]string)
	if !ok {
		text, _ := value.(string)
		items = []string{text}
	}
	for _, item := range items {
		if !slices.ContainsFunc(e, func(v string) bool { return item == v || item == strings.ToUpper(v) }) {
			return config.InvalidValue(name, item, "Invalid enumerator")
		}
	}
	return nil
}

func isRecordKey(parsed map[string]any) bool {
	mode, _ := parsed["pk.mode"].(string)
	return strings.EqualFold(mode, pkRecordKey)
}

// deletes offers what delete.enabled may be under the pk.mode.
type deletes struct{}

// Values implements config.Recommender.
func (deletes) Values(_ string, parsed map[string]any) []any {
	if isRecordKey(parsed) {
		return []any{true, false}
	}
	return []any{false}
}

// Visible implements config.Recommender.
func (deletes) Visible(_ string, parsed map[string]any) bool { return isRecordKey(parsed) }

// pkModes offers the modes that delete.enabled leaves.
type pkModes struct{}

// Values implements config.Recommender.
func (pkModes) Values(name string, parsed map[string]any) []any {
	if on, _ := parsed["delete.enabled"].(bool); on {
		return config.Choices{pkRecordKey}.Values(name, parsed)
	}
	return config.Choices(allPkModes()).Values(name, parsed)
}

// Visible implements config.Recommender.
func (pkModes) Visible(string, map[string]any) bool { return true }
