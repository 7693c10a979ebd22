/* budget-page.h: what a plan may cost or must keep, the plans tried for it, and what was found */
#pragma once

#include <gtk/gtk.h>

#include "draw/chart.h"
#include "line-list.h"

G_BEGIN_DECLS

#define ESP_TYPE_BUDGET_PAGE (esp_budget_page_get_type ())
G_DECLARE_FINAL_TYPE (EspBudgetPage, esp_budget_page, ESP, BUDGET_PAGE, GtkBox)

typedef struct
{
  gboolean has_most, has_least;
  double   most;      /* in the unit */
  guint    unit;      /* place in the list of units */
  double   least_map; /* 0..1 */
  guint    images, tries;
} EspBudgetSettings;

typedef enum
{
  ESP_BUDGET_PAGE_IDLE,
  ESP_BUDGET_PAGE_RUNNING,
  ESP_BUDGET_PAGE_ENDING,
} EspBudgetPageState;

/* Signals: "search", "stop", "apply". Thread: main, all of it. */
GtkWidget *esp_budget_page_new          (void);
void       esp_budget_page_set_units    (EspBudgetPage       *page,
                                         const char *const   *names); /* NULL-terminated */
void       esp_budget_page_set_whole    (EspBudgetPage       *page,   /* what the whole network costs; half of it is proposed where nobody
                                                                       * chose */
                                         guint                unit,
                                         double               cost);  /* NAN: not known */
void       esp_budget_page_set_map      (EspBudgetPage       *page,   /* likewise what it finds, 0..1 */
                                         double               map);
void       esp_budget_page_set_images   (EspBudgetPage       *page,   /* how many there are */
                                         guint                n);
void       esp_budget_page_set_effort   (EspBudgetPage       *page,
                                         guint                images,
                                         guint                tries);
void       esp_budget_page_get_settings (EspBudgetPage       *page,
                                         EspBudgetSettings   *settings);
void       esp_budget_page_set_state    (EspBudgetPage       *page,
                                         EspBudgetPageState   state);
void       esp_budget_page_set_progress (EspBudgetPage       *page,
                                         double               fraction, /* NAN: no bar */
                                         const char          *words);
/* The plans tried: all, those that no other beats in both by cost ascending, and the limit (NAN or infinite: none). */
void       esp_budget_page_set_tried    (EspBudgetPage       *page,
                                         const char          *unit,
                                         const EspChartPoint *tried,
                                         guint                n_tried,
                                         const EspChartPoint *frontier,
                                         guint                n_frontier,
                                         double               most,
                                         const EspChartPoint *found); /* (nullable) */
void       esp_budget_page_set_result   (EspBudgetPage       *page,
                                         const EspLine       *lines,  /* (nullable): nothing found */
                                         guint                n,
                                         gboolean             can_apply);

G_END_DECLS
