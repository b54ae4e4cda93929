package transforms

import (
	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
)

// Filter drops every record; a predicate says which ones it sees.
func Filter() []plugin.Transform {
	return single("Filter", nil, func() connect.Transform { return filter{} })
}

type filter struct{ closer }

func (filter) Configure(config.Map) error                         { return nil }
func (filter) Apply(*connect.Record, *schema.Arena) (bool, error) { return false, nil }
