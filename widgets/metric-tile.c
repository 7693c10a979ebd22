/* metric-tile.c: one number of the plan, with its change, its uncertainty and its state */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "metric-tile.h"

#include <math.h>

#include "metric-text.h"
#include "row-label.h"

struct _EspMetricTile
{
  GtkBox parent_instance;

  GtkLabel *title;
  GtkLabel *value;
  GtkLabel *delta;
  GtkLabel *count;
  GtkLabel *detail;
  GtkProgressBar *progress;
};

G_DEFINE_FINAL_TYPE (EspMetricTile, esp_metric_tile, GTK_TYPE_BOX)

static void
esp_metric_tile_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), ESP_TYPE_METRIC_TILE);
  G_OBJECT_CLASS (esp_metric_tile_parent_class)->dispose (object);
}

static void
esp_metric_tile_class_init (EspMetricTileClass *klass)
{
  GtkWidgetClass *widget = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_metric_tile_dispose;
  gtk_widget_class_set_template_from_resource (widget, "/io/github/espalier/Espalier/ui/metric-tile.ui");
  gtk_widget_class_bind_template_child (widget, EspMetricTile, title);
  gtk_widget_class_bind_template_child (widget, EspMetricTile, value);
  gtk_widget_class_bind_template_child (widget, EspMetricTile, delta);
  gtk_widget_class_bind_template_child (widget, EspMetricTile, count);
  gtk_widget_class_bind_template_child (widget, EspMetricTile, detail);
  gtk_widget_class_bind_template_child (widget, EspMetricTile, progress);
  gtk_widget_class_set_css_name (widget, "metrictile");
}

static void
esp_metric_tile_init (EspMetricTile *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/* The progress line keeps its place when it has nothing to show, so that nothing jumps. */
static void
show (EspMetricTile *self, const EspMetricText *text)
{
  gtk_label_set_label (self->title, text->title);
  gtk_label_set_label (self->value, text->value);
  gtk_label_set_label (self->delta, text->delta);
  gtk_label_set_label (self->count, text->count);
  gtk_label_set_label (self->detail, text->detail);
  gtk_widget_set_opacity (GTK_WIDGET (self->progress), isnan (text->fraction) ? 0 : 1);
  if (!isnan (text->fraction))
    gtk_progress_bar_set_fraction (self->progress, text->fraction);
  if (text->dimmed)
    gtk_widget_add_css_class (GTK_WIDGET (self->value), "dim-label");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->value), "dim-label");
  if (text->warns)
    gtk_widget_add_css_class (GTK_WIDGET (self->value), "warning");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->value), "warning");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self), *text->why != '\0' ? text->why : NULL);
  esp_accessible_name (self, text->name);
  esp_accessible_describe (self, text->description);
}

/** esp_metric_tile_new: Returns: (transfer floating): an empty tile; one of the setters says which number it is. Thread: main. */
GtkWidget *
esp_metric_tile_new (void)
{
  return g_object_new (ESP_TYPE_METRIC_TILE, NULL);
}

/** esp_metric_tile_set_map: @tile: shows mAP, or agreement where there are no labels; @number: borrowed. Thread: main. */
void
esp_metric_tile_set_map (EspMetricTile *self, const EspMapNumber *number)
{
  g_auto (EspMetricText) text = { 0 };

  g_return_if_fail (ESP_IS_METRIC_TILE (self));
  esp_metric_text_map (number, &text);
  show (self, &text);
}

/** esp_metric_tile_set_size: @tile: shows the weights file's size; @bytes: of the plan; @whole: unpruned. Thread: main. */
void
esp_metric_tile_set_size (EspMetricTile *self, guint64 bytes, guint64 whole)
{
  g_auto (EspMetricText) text = { 0 };

  g_return_if_fail (ESP_IS_METRIC_TILE (self));
  esp_metric_text_size (bytes, whole, &text);
  show (self, &text);
}

/** esp_metric_tile_set_bflops: @tile: shows the work of one image; @bflops: of the plan; @whole: unpruned. Thread: main. */
void
esp_metric_tile_set_bflops (EspMetricTile *self, double bflops, double whole)
{
  g_auto (EspMetricText) text = { 0 };

  g_return_if_fail (ESP_IS_METRIC_TILE (self));
  esp_metric_text_bflops (bflops, whole, &text);
  show (self, &text);
}

/** esp_metric_tile_set_latency: @tile: shows the time of one image; @latency: (nullable): of the plan; @whole: (nullable): unpruned;
 * @warning: (nullable): why it is no less. Thread: main. */
void
esp_metric_tile_set_latency (EspMetricTile *self, const EspLatency *latency, const EspLatency *whole, const char *warning)
{
  g_auto (EspMetricText) text = { 0 };

  g_return_if_fail (ESP_IS_METRIC_TILE (self));
  esp_metric_text_latency (latency, whole, warning, &text);
  show (self, &text);
}
