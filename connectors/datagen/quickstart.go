package datagen

import (
	"embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed templates/*.avsc
var templates embed.FS

// quickstart is a schema that comes with the connector, in templates/<name>.avsc.
// file is the name that the Java connector finds it by on its class path.
type quickstart struct{ name, key, file string }

// quickstarts returns all, in the order in which messages list them.
func quickstarts() []quickstart {
	return []quickstart{
		{"clickstream_codes", "code", "clickstream_codes_schema.avro"},
		{"clickstream", "ip", "clickstream_schema.avro"},
		{"clickstream_users", "user_id", "clickstream_users_schema.avro"},
		{"orders", "orderid", "orders_schema.avro"},
		{"ratings", "rating_id", "ratings_schema.avro"},
		{"users", "userid", "users_schema.avro"},
		{"users_", "userid", "users_array_map_schema.avro"},
		{"pageviews", "viewtime", "pageviews_schema.avro"},
		{"stock_trades", "symbol", "stock_trades_schema.avro"},
		{"inventory", "id", "inventory.avro"},
		{"product", "id", "product.avro"},
		{"purchases", "id", "purchase.avro"},
		{"transactions", "transaction_id", "transactions.avro"},
		{"stores", "store_id", "stores.avro"},
		{"credit_cards", "card_id", "credit_cards.avro"},
		{"campaign_finance", "candidate_id", "campaign_finance.avro"},
		{"fleet_mgmt_description", "vehicle_id", "fleet_mgmt_description.avro"},
		{"fleet_mgmt_location", "vehicle_id", "fleet_mgmt_location.avro"},
		{"fleet_mgmt_sensors", "vehicle_id", "fleet_mgmt_sensors.avro"},
		{"pizza_orders", "store_id", "pizza_orders.avro"},
		{"pizza_orders_completed", "store_id", "pizza_orders_completed.avro"},
		{"pizza_orders_cancelled", "store_id", "pizza_orders_cancelled.avro"},
		{"insurance_offers", "offer_id", "insurance_offers.avro"},
		{"insurance_customers", "customer_id", "insurance_customers.avro"},
		{"insurance_customer_activity", "activity_id", "insurance_customer_activity.avro"},
		{"gaming_games", "id", "gaming_games.avro"},
		{"gaming_players", "player_id", "gaming_players.avro"},
		{"gaming_player_activity", "player_id", "gaming_player_activity.avro"},
		{"payroll_employee", "employee_id", "payroll_employee.avro"},
		{"payroll_employee_location", "employee_id", "payroll_employee_location.avro"},
		{"payroll_bonus", "employee_id", "payroll_bonus.avro"},
		{"syslog_logs", "host", "syslog_logs.avro"},
		{"device_information", "device_ip", "device_information.avro"},
		{"siem_logs", "hostname", "siem_logs.avro"},
		{"shoes", "id", "shoes.avro"},
		{"shoe_customers", "id", "shoe_customers.avro"},
		{"shoe_orders", "order_id", "shoe_orders.avro"},
		{"shoe_clickstream", "product_id", "shoe_clickstream.avro"},
	}
}

// findQuickstart finds a quickstart by its name in any case.
func findQuickstart(name string) (quickstart, bool) {
	all := quickstarts()
	i := slices.IndexFunc(all, func(q quickstart) bool { return strings.EqualFold(q.name, name) })
	if i < 0 {
		return quickstart{}, false
	}
	return all[i], true
}

func (q quickstart) schema() (*avroSchema, error) {
	text, err := templates.ReadFile("templates/" + q.name + ".avsc")
	if err != nil {
		return nil, fmt.Errorf("read quickstart %s: %w", q.name, err)
	}
	return parseAvro(text)
}
