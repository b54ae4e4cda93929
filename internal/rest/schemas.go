package rest

import (
	"maps"
	"slices"
)

// schemas are the schemas of the OpenAPI document.
func schemas() object {
	all := configSchemas()
	maps.Copy(all, connectorSchemas())
	return all
}

var (
	aText   = object{"type": "string"}
	aNumber = object{"type": "integer"}
	aTruth  = object{"type": "boolean"}
)

func textOrNull() object { return object{"type": "string", "nullable": true} }

func array(of object) object { return object{"type": "array", "items": of} }

// closed is an object with these members and no others; all but those in optional
// are there.
func closed(properties object, optional ...string) object {
	var required []string
	for name := range properties {
		required = append(required, name)
	}
	return object{"type": "object", "properties": properties, "required": without(required, optional), "additionalProperties": false}
}

func connectorSchemas() object {
	state := object{"type": "string", "enum": []string{"UNASSIGNED", "RUNNING", "PAUSED", "STOPPED", "FAILED", "RESTARTING"}}
	kind := object{"type": "string", "enum": []string{"source", "sink", "unknown"}}
	instance := object{"state": state, "worker_id": aText, "trace": aText, "version": textOrNull()}
	task := maps.Clone(instance)
	task["id"], task["stalled_since"] = aNumber, aText
	offset := object{"partition": object{"type": "object", "nullable": true}, "offset": object{"type": "object", "nullable": true}}
	return object{
		"Error":         closed(object{"error_code": aNumber, "message": textOrNull()}),
		"Message":       closed(object{"message": aText}),
		"ServerInfo":    closed(object{"version": aText, "commit": aText, "kafka_cluster_id": textOrNull()}),
		"Health":        closed(object{"status": object{"type": "string", "enum": []string{"starting", "healthy", "unhealthy"}}, "message": aText}),
		"TaskID":        closed(object{"connector": aText, "task": aNumber}),
		"ConnectorInfo": closed(object{"name": aText, "config": ref("Config"), "tasks": array(ref("TaskID")), "type": kind}),
		"CreateConnector": closed(object{
			"name": aText, "config": ref("Config"),
			"initial_state": object{"type": "string", "nullable": true, "description": "RUNNING, PAUSED or STOPPED (KIP-980)"},
		}, "name", "initial_state"),
		"ConnectorList": object{"oneOf": []object{array(aText), {"type": "object", "additionalProperties": closed(object{
			"status": ref("ConnectorStatus"), "info": ref("ConnectorInfo"),
		}, "status", "info")}}},
		"TaskStatus":      closed(task, "trace", "version", "stalled_since"),
		"ConnectorStatus": closed(object{"name": aText, "connector": closed(instance, "trace", "version"), "tasks": array(ref("TaskStatus")), "type": kind}),
		"TaskConfigs":     array(closed(object{"id": ref("TaskID"), "config": ref("Config")})),
		"Topics":          object{"type": "object", "additionalProperties": closed(object{"topics": array(aText)})},
		"Offsets":         closed(object{"offsets": array(closed(offset, "partition", "offset"))}),
	}
}

func configSchemas() object {
	key := object{
		"name": aText, "required": aTruth, "default_value": textOrNull(), "documentation": aText, "group": textOrNull(),
		"type":       object{"type": "string", "enum": []string{"BOOLEAN", "STRING", "INT", "SHORT", "LONG", "DOUBLE", "LIST", "CLASS", "PASSWORD"}},
		"importance": object{"type": "string", "enum": []string{"HIGH", "MEDIUM", "LOW"}}, "order_in_group": aNumber,
		"width": aText, "display_name": aText, "dependents": array(aText), "order": aNumber,
	}
	value := object{"name": aText, "value": textOrNull(), "recommended_values": array(textOrNull()), "errors": array(aText), "visible": aTruth}
	definition := object{"nullable": true, "allOf": []object{ref("ConfigKey")}}
	level := object{"level": aText, "last_modified": object{"type": "integer", "format": "int64", "nullable": true}}
	return object{
		"Config":      object{"type": "object", "additionalProperties": textOrNull()},
		"ConfigKey":   closed(key, "order"),
		"ConfigKeys":  array(ref("ConfigKey")),
		"ConfigInfos": closed(object{"name": aText, "error_count": aNumber, "groups": array(aText), "configs": array(closed(object{"definition": definition, "value": closed(value)}))}),
		"Plugins":     array(closed(object{"class": aText, "type": aText, "version": textOrNull()}, "version")),
		"Loggers":     object{"type": "object", "additionalProperties": ref("LoggerLevel")},
		"LoggerLevel": closed(level),
		"LoggerNames": array(aText),
		"SetLevel":    object{"type": "object", "properties": object{"level": aText}, "required": []string{"level"}},
	}
}

func without(names, out []string) []string {
	slices.Sort(names)
	return slices.DeleteFunc(names, func(n string) bool { return slices.Contains(out, n) })
}
