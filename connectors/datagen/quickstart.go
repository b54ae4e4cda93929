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
type quickstart struct{ name, key string }

// quickstarts returns all, in the order in which messages list them.
func quickstarts() []quickstart {
	return []quickstart{
		{"clickstream_codes", "code"},
		{"clickstream", "ip"},
		{"clickstream_users", "user_id"},
		{"orders", "orderid"},
		{"ratings", "rating_id"},
		{"users", "userid"},
		{"users_", "userid"},
		{"pageviews", "viewtime"},
		{"stock_trades", "symbol"},
		{"inventory", "id"},
		{"product", "id"},
		{"purchases", "id"},
		{"transactions", "transaction_id"},
		{"stores", "store_id"},
		{"credit_cards", "card_id"},
		{"campaign_finance", "candidate_id"},
		{"fleet_mgmt_description", "vehicle_id"},
		{"fleet_mgmt_location", "vehicle_id"},
		{"fleet_mgmt_sensors", "vehicle_id"},
		{"pizza_orders", "store_id"},
		{"pizza_orders_completed", "store_id"},
		{"pizza_orders_cancelled", "store_id"},
		{"insurance_offers", "offer_id"},
		{"insurance_customers", "customer_id"},
		{"insurance_customer_activity", "activity_id"},
		{"gaming_games", "id"},
		{"gaming_players", "player_id"},
		{"gaming_player_activity", "player_id"},
		{"payroll_employee", "employee_id"},
		{"payroll_employee_location", "employee_id"},
		{"payroll_bonus", "employee_id"},
		{"syslog_logs", "host"},
		{"device_information", "device_ip"},
		{"siem_logs", "hostname"},
		{"shoes", "id"},
		{"shoe_customers", "id"},
		{"shoe_orders", "order_id"},
		{"shoe_clickstream", "product_id"},
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
