package app

import (
	"bytes"
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

// readConnector reads a connector from a file of one of the forms that
// connect-standalone takes, whatever its name ends in: JSON that is the
// configuration itself, JSON as POST /connectors takes it, or properties.
// replacements are put in for their ${names}.
func readConnector(path string, replacements map[string]string) (connectorFile, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return connectorFile{}, &ConnectorError{path, err}
	}
	for name, value := range replacements {
		raw = bytes.ReplaceAll(raw, []byte("${"+name+"}"), []byte(value))
	}
	c, err := parseConnector(raw, strings.HasSuffix(path, ".json"))
	if err != nil {
		return c, &ConnectorError{path, err}
	}
	c.path = path
	return c, nil
}

var errNoName = errors.New("it is missing the mandatory 'name' configuration")

// parseConnector takes the content of such a file. Where it must be JSON, what is
// wrong with it as such is the error; else it is properties then.
func parseConnector(raw []byte, isJSON bool) (connectorFile, error) {
	var object map[string]json.RawMessage
	err := json.Unmarshal(raw, &object)
	if err != nil && isJSON {
		return connectorFile{}, fmt.Errorf("not a JSON object: %w", err)
	}
	if err != nil {
		values, _, err := properties.Parse(raw)
		if err != nil {
			return connectorFile{}, err
		}
		return named(values["name"], config.Map(values).Raw())
	}
	flat, err := texts(object)
	if err == nil {
		return named(text(flat, "name"), flat)
	}
	if _, request := object["config"]; !request {
		return connectorFile{}, err
	}
	return parseRequest(raw)
}

// parseRequest takes what POST /connectors does.
func parseRequest(raw []byte) (connectorFile, error) {
	var request struct {
		Name    string                     `json:"name"`
		Config  map[string]json.RawMessage `json:"config"`
		Initial *string                    `json:"initial_state"`
	}
	if err := json.Unmarshal(raw, &request); err != nil {
		return connectorFile{}, fmt.Errorf("not a connector with name, config and initial_state: %w", err)
	}
	cfg, err := texts(request.Config)
	if err != nil {
		return connectorFile{}, fmt.Errorf("config: %w", err)
	}
	if inside := cfg["name"]; inside != nil && *inside != request.Name {
		return connectorFile{}, fmt.Errorf("Connector name configuration in 'config' doesn't match the one specified in 'name': %q, %q", *inside, request.Name) //nolint:staticcheck // Java's text
	}
	c, err := named(request.Name, cfg)
	if err != nil || request.Initial == nil {
		return c, err
	}
	target, err := store.ParseInitialState(*request.Initial)
	c.initial = &target
	return c, err
}

func named(name string, cfg config.Raw) (connectorFile, error) {
	if name == "" {
		return connectorFile{}, errNoName
	}
	cfg["name"] = &name
	return connectorFile{name: name, config: cfg}, nil
}

// texts returns the values as texts: numbers and booleans as they are written, as
// Java's parser does it.
func texts(object map[string]json.RawMessage) (config.Raw, error) {
	cfg := make(config.Raw, len(object))
	for key, raw := range object {
		var text string
		switch raw[0] {
		case '{', '[':
			return nil, fmt.Errorf("the value of %q is neither a text nor a number nor true or false", key)
		case '"':
			if err := json.Unmarshal(raw, &text); err != nil {
				return nil, fmt.Errorf("the value of %q: %w", key, err)
			}
		case 'n':
			cfg[key] = nil
			continue
		default:
			text = string(raw)
		}
		cfg[key] = &text
	}
	return cfg, nil
}
