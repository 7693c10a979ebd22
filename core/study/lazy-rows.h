/* lazy-rows.h: a list whose rows are made when they are looked at */
#pragma once

#include "study/rows.h"

G_BEGIN_DECLS

#define ESP_TYPE_LAZY_ROWS (esp_lazy_rows_get_type ())
G_DECLARE_FINAL_TYPE (EspLazyRows, esp_lazy_rows, ESP, LAZY_ROWS, GObject)

typedef EspRow *(*EspLazyRowFunc) (guint i, gpointer data); /* (transfer full) */

/* A GListModel of as many rows as there are findings: a row is made anew whenever it is asked for. Thread: main. */
EspLazyRows *esp_lazy_rows_new   (EspLazyRowFunc  func,
                                  gpointer        data);  /* outlives the rows that are asked for */
void         esp_lazy_rows_set_n (EspLazyRows    *rows,   /* all of them are others from here on */
                                  guint           n);

G_END_DECLS
