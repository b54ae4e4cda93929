package definition

import (
	"slices"
	"strings"

	"sluice/connect/config"
)

// javaClass is a class that every Java worker has and that is no plugin here:
// people name it by mistake.
type javaClass struct {
	name string
	// alias is the short name of a plugin of Java's worker; "" for other classes.
	alias string
	// kind is "interface", "abstract", or "" for a class that can be created.
	kind string
	// base is the simple name of what the class is or extends.
	base string
}

func javaClasses() []javaClass {
	const (
		iface    = "interface"
		abstract = "abstract"
		connect  = "org.apache.kafka.connect."
		provider = "org.apache.kafka.common.config.provider."
		policy   = "ConnectorClientConfigOverridePolicy"
	)
	return []javaClass{
		{name: "java.lang.Boolean"},
		{name: "java.lang.Class"},
		{name: "java.lang.Double"},
		{name: "java.lang.Integer"},
		{name: "java.lang.Long"},
		{name: "java.lang.Object"},
		{name: "java.lang.String"},
		{name: connect + "connector.Connector", kind: abstract, base: "Connector"},
		{name: connect + "connector.Task", kind: iface},
		{name: connect + "sink.SinkConnector", kind: abstract, base: "Connector"},
		{name: connect + "sink.SinkTask", kind: abstract},
		{name: connect + "source.SourceConnector", kind: abstract, base: "Connector"},
		{name: connect + "source.SourceTask", kind: abstract},
		{name: connect + "storage.Converter", kind: iface, base: "Converter"},
		{name: connect + "storage.HeaderConverter", kind: iface, base: "HeaderConverter"},
		{name: connect + "transforms.Transformation", kind: iface, base: "Transformation"},
		{name: connect + "transforms.predicates.Predicate", kind: iface, base: "Predicate"},
		{name: connect + "connector.policy.All" + policy, alias: "All"},
		{name: connect + "connector.policy.Allowlist" + policy, alias: "Allowlist"},
		{name: connect + "connector.policy.None" + policy, alias: "None"},
		{name: connect + "connector.policy.Principal" + policy, alias: "Principal"},
		{name: provider + "DirectoryConfigProvider", alias: "Directory"},
		{name: provider + "EnvVarConfigProvider", alias: "EnvVar"},
		{name: provider + "FileConfigProvider", alias: "File"},
	}
}

// JavaClass returns the full name of a class that a Java worker finds by the name
// and that is no plugin of this one.
func JavaClass(name string) (full string, ok bool) {
	for _, c := range javaClasses() {
		if name == c.name || c.alias != "" && (name == c.alias || strings.HasSuffix(c.name, "."+name)) {
			return c.name, true
		}
	}
	return "", false
}

// IsConnector reports whether the class is a connector of Java's that cannot be created.
func IsConnector(class string) bool {
	return slices.ContainsFunc(javaClasses(), func(c javaClass) bool { return c.name == class && c.base == "Connector" })
}

// CheckConcrete says in Java's words why a class that exists cannot be used as
// the interface (its simple name), with the classes to use in its place.
func CheckConcrete(wanted, class string, variants []string) error {
	if len(variants) > 0 {
		return config.Errorf("This class is abstract and cannot be created. Did you mean %s?", strings.Join(variants, ", "))
	}
	kind := "class"
	for _, c := range javaClasses() {
		if c.name != class {
			continue
		}
		if c.base == wanted {
			return config.Errorf("This class is abstract and cannot be created.")
		}
		if c.kind == "interface" {
			kind = c.kind
		}
	}
	return config.Errorf("Class %s %s does not implement the %s interface", kind, class, wanted)
}
