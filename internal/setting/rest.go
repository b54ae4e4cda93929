package setting

import (
	"regexp"
	"strings"

	"sluice/connect/config"
)

func restKeys() config.Def {
	return config.Def{
		{
			Name: "listeners", Type: config.List, Default: []string{"http://:8083"}, Validator: config.CheckFunc(checkListeners), Importance: config.Low,
			Doc: "URLs that the REST API listens on, separated by commas. Without a host it listens on all addresses.",
		},
		{
			Name: "rest.advertised.host.name", Type: config.String, Importance: config.Low,
			Doc: "Host name that other workers are told for this one.",
		},
		{
			Name: "rest.advertised.port", Type: config.Int, Importance: config.Low,
			Doc: "Port that other workers are told for this one.",
		},
		{
			Name: "rest.advertised.listener", Type: config.String, Importance: config.Low,
			Doc: "Protocol of the listener that other workers are told of: http or https.",
		},
		{
			Name: "access.control.allow.origin", Type: config.String, Default: "", Importance: config.Low,
			Doc: "Origin whose pages may call the REST API from a browser; * is any.",
		},
		{
			Name: "access.control.allow.methods", Type: config.String, Default: "", Importance: config.Low,
			Doc: "Methods that such pages may use, separated by commas; empty is GET, POST and HEAD.",
		},
		{
			Name: "response.http.headers.config", Type: config.String, Default: "", Validator: config.CheckFunc(checkHeaders), Importance: config.Low,
			Doc: "Headers that every answer of the REST API gets: rules of the form \"[action] [header name]:[header value]\", separated by commas, with the action set, add, setDate or addDate.",
		},
		{
			Name: "ssl.client.auth", Type: config.String, Default: "none", Validator: config.OneOf{"required", "requested", "none"}, Importance: config.Low,
			Doc: "Whether clients of an https listener have to show a certificate.",
		},
		{
			Name: "rest.extension.classes", Type: config.List, Default: []string{}, Validator: config.UniqueList{EmptyAllowed: true}, Importance: config.Low,
			Doc: "Classes that extend the REST API, separated by commas.",
		},
		{
			Name: "admin.listeners", Type: config.List, Validator: config.UniqueList{NullAllowed: true, EmptyAllowed: true}, Importance: config.Low,
			Doc: "URLs of the REST API's administrative part. Unset it shares the listeners; an empty text turns it off.",
		},
	}
}

func checkListeners(_ string, value any) error {
	urls, ok := value.([]string)
	switch {
	case !ok:
		return config.Errorf("Invalid value type for listeners (expected list of URLs , ex: http://localhost:8080,https://localhost:8443).")
	case len(urls) == 0:
		return config.Errorf("Invalid value for listeners, at least one URL is expected, ex: http://localhost:8080,https://localhost:8443.")
	}
	for _, u := range urls {
		if config.Trim(u) == "" {
			return config.Errorf("Empty URL found when parsing listeners list.")
		}
	}
	return nil
}

func checkHeaders(_ string, value any) error {
	text, _ := value.(string)
	if config.Trim(text) == "" {
		return nil
	}
	for _, rule := range splitQuoted(text) {
		if err := checkHeader(rule); err != nil {
			return err
		}
	}
	return nil
}

// splitQuoted cuts at commas that are not in double quotes, and takes blanks and
// quotes around a part away.
func splitQuoted(text string) []string {
	var parts []string
	quoted, start := false, 0
	for i := 0; i <= len(text); i++ {
		switch {
		case i == len(text) || text[i] == ',' && !quoted:
			parts = append(parts, strings.Trim(config.Trim(text[start:i]), `"`))
			start = i + 1
		case text[i] == '"':
			quoted = !quoted
		}
	}
	return parts
}

var (
	blanks      = regexp.MustCompile(`\s+`)
	headerVerbs = []string{"set", "add", "setDate", "addDate"} // never written
)

func checkHeader(rule string) error {
	action, header, ok := strings.Cut(blanks.ReplaceAllString(config.Trim(rule), " "), " ")
	if !ok {
		return config.Errorf("Invalid format of header config '%s'. Expected: '[action] [header name]:[header value]'", rule)
	}
	known := false
	for _, v := range headerVerbs {
		known = known || strings.EqualFold(v, action)
	}
	if !known {
		return config.Errorf("Invalid header config action: '%s'. Expected one of [%s]", action, strings.Join(headerVerbs, ", "))
	}
	name, value, ok := strings.Cut(header, ":")
	if !ok || value == "" || strings.Contains(value, ":") {
		return config.Errorf("Invalid format of header name and header value pair '%s'. Expected: '[header name]:[header value]'", header)
	}
	if name = config.Trim(name); name == "" || blanks.MatchString(name) {
		return config.Errorf("Invalid header name '%s'. The '[header name]' cannot contain whitespace", name)
	}
	return nil
}
