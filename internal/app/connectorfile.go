package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"sluice/connect/config"
	"sluice/internal/properties"
	"sluice/internal/store"
)

// connectorFile is a connector given on the command line.
type connectorFile struct {
	path    string
	name    string
	config  config.Raw
	initial *store.TargetState
}

// readConnector reads a connector from a .properties file, from JSON as POST
// /connectors takes it, or from JSON that is the configuration itself.
// replacements are put in for their ${names}.
func readConnector(path string, replacements map[string]string) (connectorFile, error) {
	c := connectorFile{path: path}
	if err := c.read(replacements); err != nil {
		return c, &ConnectorError{path, err}
	}
	if c.name == "" {
		return c, &ConnectorError{path, errors.New("the key name is missing: every connector needs one")}
	}
	c.config["name"] = &c.name
	return c, nil
}

func (c *connectorFile) read(replacements map[string]string) error {
	if !strings.HasSuffix(c.path, ".json") {
		values, _, err := properties.Load(c.path)
		if err != nil {
			return err
		}
		c.config, c.name = config.Map(values).Raw(), values["name"]
		return nil
	}
	b, err := os.ReadFile(c.path)
	if err != nil {
		return err
	}
	text := string(b)
	for name, value := range replacements {
		text = strings.ReplaceAll(text, "${"+name+"}", value)
	}
	var request struct {
		Name    string            `json:"name"`
		Config  map[string]string `json:"config"`
		Initial *string           `json:"initial_state"`
	}
	if err := json.Unmarshal([]byte(text), &request); err == nil && request.Config != nil {
		c.name, c.config = request.Name, config.Map(request.Config).Raw()
		if request.Initial != nil {
			target, err := store.ParseInitialState(*request.Initial)
			if err != nil {
				return err
			}
			c.initial = &target
		}
		return nil
	}
	var flat map[string]string
	if err := json.Unmarshal([]byte(text), &flat); err != nil {
		return fmt.Errorf("neither an object with name and config nor a configuration of texts: %w", err)
	}
	c.config, c.name = config.Map(flat).Raw(), flat["name"]
	return nil
}
