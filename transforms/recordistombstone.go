package transforms

import (
	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
)

// RecordIsTombstone holds for records without a value.
func RecordIsTombstone() []plugin.Predicate {
	return predicate("RecordIsTombstone", nil, func() connect.Predicate { return recordIsTombstone{} })
}

type recordIsTombstone struct{ closer }

func (recordIsTombstone) Configure(config.Map) error  { return nil }
func (recordIsTombstone) Test(r *connect.Record) bool { return r.Value.Value.IsNull() }
