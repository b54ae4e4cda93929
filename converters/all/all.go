// Package all lists the converters that the worker carries.
package all

import (
	"sluice/connect/plugin"
	"sluice/converters/avro"
	"sluice/converters/json"
	"sluice/converters/jsonschema"
	"sluice/converters/primitive"
	"sluice/converters/protobuf"
	"sluice/converters/simpleheader"
)

// Plugins returns all converters and header converters.
func Plugins() plugin.Set {
	return plugin.Join(json.Plugins(), primitive.Plugins(), simpleheader.Plugins(), avro.Plugins(), jsonschema.Plugins(), protobuf.Plugins())
}
