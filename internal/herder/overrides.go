package herder

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"sluice/connect/config"
	"sluice/internal/kafka"
)

// overrides parses the settings below the prefix as those of a client. Of a
// client's key the answer knows name and type, not Java's default and prose.
func (v validation) overrides(prefix string, role kafka.Role) ([]ConfigInfo, error) {
	var out []ConfigInfo
	for _, full := range slices.Sorted(maps.Keys(v.raw)) {
		name, ok := strings.CutPrefix(full, prefix)
		if !ok || name == "" {
			continue
		}
		value := &config.Value{Name: name, Visible: true}
		info := ConfigInfo{}
		kind, known := kafka.KeyType(role, name)
		if known {
			info.Definition = new(keyInfo(config.Key{Name: name, Type: kind, Importance: config.Medium}, prefix))
		} else {
			kind = config.String
		}
		if text := v.raw[full]; text != nil {
			parsed, err := config.Parse(name, *text, kind)
			if err != nil {
				return nil, &Error{Status: http.StatusInternalServerError, Message: err.Error(), Class: "org.apache.kafka.common.config.ConfigException"}
			}
			value.Value = parsed
		}
		info.Value = valueInfo(value, prefix)
		out = append(out, info)
	}
	return out, nil
}
