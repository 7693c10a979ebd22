/* budget-table.h: what a search within a budget tried and found, as JSON and for people */
#pragma once

#include "search/budget.h"
#include "verb.h"

G_BEGIN_DECLS

void esp_budget_table_tell (const EspBudget      *budget,
                            const EspBudgetInput *input,
                            const EspCommon      *common,
                            JsonBuilder          *json);

G_END_DECLS
