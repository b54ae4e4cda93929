// Package all lists the transformations and predicates that the worker carries.
package all

import (
	"slices"

	"sluice/connect/plugin"
	"sluice/transforms"
)

// Plugins returns all transformations and predicates.
func Plugins() plugin.Set {
	return plugin.Set{
		Transforms: slices.Concat(
			transforms.Cast(),
			transforms.DropHeaders(),
			transforms.ExtractField(),
			transforms.Filter(),
			transforms.Flatten(),
			transforms.HeaderFrom(),
			transforms.HoistField(),
			transforms.InsertField(),
			transforms.InsertHeader(),
			transforms.MaskField(),
			transforms.RegexRouter(),
			transforms.ReplaceField(),
			transforms.SetSchemaMetadata(),
			transforms.TimestampConverter(),
			transforms.TimestampRouter(),
			transforms.ValueToKey(),
		),
		Predicates: slices.Concat(
			transforms.HasHeaderKey(),
			transforms.RecordIsTombstone(),
			transforms.TopicNameMatches(),
		),
	}
}
