// Package all lists the connectors that the program carries.
package all

import (
	"sluice/connect/plugin"
	"sluice/connectors/datagen"
	"sluice/connectors/file"
	"sluice/connectors/hdfs"
	"sluice/connectors/jdbc"
	"sluice/connectors/jdbc/sink"
)

// Plugins returns every connector of the folder above.
func Plugins() plugin.Set {
	return plugin.Join(file.Plugins(), datagen.Plugins(), jdbc.Plugins(), sink.Plugins(), hdfs.Plugins())
}
