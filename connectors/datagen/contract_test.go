package datagen

import (
	"testing"

	"sluice/connect/config"
	"sluice/connect/connecttest"
)

func TestContract(t *testing.T) {
	t.Parallel()
	for _, quickstart := range []string{"clickstream", "orders", "inventory"} {
		for _, interval := range []string{"0", "1"} {
			t.Run(quickstart+" every "+interval+" ms", func(t *testing.T) {
				t.Parallel()
				connecttest.SourceTask(t, connecttest.Source{
					Plugin: Plugins().Sources[0],
					Setup: func(*testing.T) connecttest.SourceSystem {
						return connecttest.SourceSystem{Config: config.Map{keyTopic: "t", keyInterval: interval, keyQuickstart: quickstart, keySeed: "7"}}
					},
				})
			})
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	connecttest.CheckConfig[settings](t, definition())
}
