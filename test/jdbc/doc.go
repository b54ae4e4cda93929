// Package jdbc holds tests of the JDBC connectors through the built binary, with
// a real Kafka and real databases. They carry the build tag integration.
package jdbc
