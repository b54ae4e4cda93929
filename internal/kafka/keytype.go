package kafka

import "sluice/connect/config"

// KeyType returns the type that Kafka 4.3.1 gives the key of a client of the
// role; false for a key that such a client does not have.
func KeyType(role Role, name string) (config.Type, bool) {
	k, ok := keyTable().find(name)
	if !ok || k.roles&role == 0 {
		return "", false
	}
	switch k.kind {
	case password:
		return config.Password, true
	case boolT:
		return config.Boolean, true
	case int16T:
		return config.Short, true
	case int32T:
		return config.Int, true
	case int64T:
		return config.Long, true
	case decimal:
		return config.Double, true
	case list:
		return config.List, true
	case text:
	}
	return config.String, true
}
