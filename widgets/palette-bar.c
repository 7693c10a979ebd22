/* palette-bar.c: the colours of a scale, lowest left */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "palette-bar.h"

#include "compat.h"
#include "heat-texture.h"

struct _EspPaletteBar
{
  GtkWidget parent_instance;

  GdkTexture *colours;
  gboolean is_signed;
};

G_DEFINE_FINAL_TYPE (EspPaletteBar, esp_palette_bar, GTK_TYPE_WIDGET)

/* Zero of a signed scale has a tick. */
static void
esp_palette_bar_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  EspPaletteBar *self = ESP_PALETTE_BAR (widget);
  float width = (float) gtk_widget_get_width (widget), height = (float) gtk_widget_get_height (widget);
  GdkRGBA colour;

  gtk_snapshot_append_texture (snapshot, self->colours, &GRAPHENE_RECT_INIT (0, 0, width, height));
  esp_compat_get_colour (widget, &colour);
  if (self->is_signed)
    gtk_snapshot_append_color (snapshot, &colour, &GRAPHENE_RECT_INIT (width / 2 - 0.5F, height / 2, 1, height / 2));
}

static void
esp_palette_bar_measure (
    GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *min_base, int *nat_base)
{
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? 48 : 10;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 96 : 10;
}

static void
esp_palette_bar_finalize (GObject *object)
{
  g_object_unref (ESP_PALETTE_BAR (object)->colours);
  G_OBJECT_CLASS (esp_palette_bar_parent_class)->finalize (object);
}

static void
esp_palette_bar_class_init (EspPaletteBarClass *klass)
{
  GtkWidgetClass *widget = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = esp_palette_bar_finalize;
  widget->snapshot = esp_palette_bar_snapshot;
  widget->measure = esp_palette_bar_measure;
  gtk_widget_class_set_accessible_role (widget, GTK_ACCESSIBLE_ROLE_PRESENTATION);
  gtk_widget_class_set_css_name (widget, "palettebar");
}

static void
esp_palette_bar_init (EspPaletteBar *self)
{
  self->colours = esp_palette_texture (FALSE);
}

/** esp_palette_bar_set_signed: @bar: shows the diverging colours, or the sequential ones. Thread: main. */
void
esp_palette_bar_set_signed (EspPaletteBar *self, gboolean is_signed)
{
  g_return_if_fail (ESP_IS_PALETTE_BAR (self));
  if (self->is_signed == is_signed)
    return;
  self->is_signed = is_signed;
  g_object_unref (self->colours);
  self->colours = esp_palette_texture (is_signed);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
