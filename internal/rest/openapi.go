package rest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// object is a JSON object of the description.
type object = map[string]any

func (s *api) describes(r *http.Request, segments []string) bool {
	if len(segments) != 1 || segments[0] != "openapi.json" || (r.Method != http.MethodGet && r.Method != http.MethodHead) {
		return false
	}
	types, fine := accepted(r.Header.Values("Accept"))
	return fine && slices.ContainsFunc(types, func(m mediaType) bool { return m.takes(openapiType) })
}

// writeDescription answers with the OpenAPI document. Java has none and answers
// 404; who accepts application/json alone gets that.
func (s *api) writeDescription(w http.ResponseWriter, r *http.Request) {
	if !s.admitted(r) {
		writeUnauthorized(w, openapiType)
		return
	}
	w.Header().Set("Content-Type", openapiType)
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(s.openapi) // as in writeMessage
}

// describe makes the OpenAPI 3 document of the routes.
func describe(version string, routes []route) []byte {
	paths := object{}
	for _, rt := range routes {
		if rt.doc.internal {
			continue
		}
		item, _ := paths[rt.path].(object)
		if item == nil {
			item = object{}
			if parameters := pathParameters(rt.path); len(parameters) > 0 {
				item["parameters"] = parameters
			}
			paths[rt.path] = item
		}
		item[strings.ToLower(rt.method)] = operation(rt)
	}
	document := object{
		"openapi": "3.0.3",
		"info": object{
			"title": "Kafka Connect REST API", "version": version,
			"description": "The REST API of Kafka Connect " + version + " as Sluice serves it. Every error has the schema Error.",
		},
		"paths":      paths,
		"components": object{"schemas": schemas()},
	}
	b, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		return nil // maps, texts and numbers only: this cannot happen
	}
	return b
}

func pathParameters(path string) []object {
	var all []object
	for segment := range strings.SplitSeq(path, "/") {
		name, is := strings.CutPrefix(segment, "{")
		if !is {
			continue
		}
		name = strings.TrimSuffix(name, "}")
		kind := object{"type": "string"}
		if name == "task" {
			kind = object{"type": "integer", "format": "int32"}
		}
		all = append(all, object{"name": name, "in": "path", "required": true, "schema": kind})
	}
	return all
}

func operation(rt route) object {
	op := object{"operationId": rt.doc.id, "summary": rt.doc.summary}
	if len(rt.doc.query) > 0 {
		var parameters []object
		for _, q := range rt.doc.query {
			parameters = append(parameters, object{"name": q.name, "in": "query", "required": false, "description": q.about, "schema": object{"type": q.kind}})
		}
		op["parameters"] = parameters
	}
	if rt.doc.body != "" {
		op["requestBody"] = object{"required": true, "content": object{jsonType: object{"schema": ref(rt.doc.body)}}}
	}
	responses := object{"default": response("what went wrong", "Error")}
	responses[strconv.Itoa(rt.doc.status)] = response("done", rt.doc.answer)
	for status, answer := range rt.doc.also {
		responses[strconv.Itoa(status)] = response("done", answer)
	}
	if rt.page != 0 && rt.page != rt.doc.status {
		responses[strconv.Itoa(rt.page)] = response("done, with rest.answers=page", "")
	}
	op["responses"] = responses
	return op
}

func response(about, schema string) object {
	r := object{"description": about}
	if schema != "" {
		r["content"] = object{jsonType: object{"schema": ref(schema)}}
	}
	return r
}

func ref(name string) object { return object{"$ref": "#/components/schemas/" + name} }
