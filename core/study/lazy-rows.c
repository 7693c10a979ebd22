/* lazy-rows.c: a list whose rows are made when they are looked at */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include "study/lazy-rows.h"

struct _EspLazyRows
{
  GObject parent_instance;

  EspLazyRowFunc func;
  gpointer data;
  guint n;
};

static GType
get_item_type (GListModel *model)
{
  return ESP_TYPE_ROW;
}

static guint
get_n_items (GListModel *model)
{
  return ESP_LAZY_ROWS (model)->n;
}

static gpointer
get_item (GListModel *model, guint position)
{
  EspLazyRows *self = ESP_LAZY_ROWS (model);

  return position < self->n ? self->func (position, self->data) : NULL;
}

static void
list_model_init (GListModelInterface *interface)
{
  interface->get_item_type = get_item_type;
  interface->get_n_items = get_n_items;
  interface->get_item = get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (EspLazyRows, esp_lazy_rows, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static void
esp_lazy_rows_class_init (EspLazyRowsClass *class)
{
}

static void
esp_lazy_rows_init (EspLazyRows *self)
{
}

/** esp_lazy_rows_new: Returns: (transfer full): no rows; @func makes those that there will be, with @data. Thread: main. */
EspLazyRows *
esp_lazy_rows_new (EspLazyRowFunc func, gpointer data)
{
  EspLazyRows *self = g_object_new (ESP_TYPE_LAZY_ROWS, NULL);

  self->func = func;
  self->data = data;
  return self;
}

/** esp_lazy_rows_set_n: @rows: there are @n, none of them one of before. Thread: main. */
void
esp_lazy_rows_set_n (EspLazyRows *self, guint n)
{
  const guint before = self->n;

  g_return_if_fail (ESP_IS_LAZY_ROWS (self));
  self->n = n;
  if (before > 0 || n > 0)
    g_list_model_items_changed (G_LIST_MODEL (self), 0, before, n);
}
