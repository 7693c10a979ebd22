/* lens-page.c: one channel looked at: its map, where it fires, what it carries, what goes with it, what cutting it costs */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "lens-page.h"

#include <glib/gi18n.h>

#include "heat-texture.h"
#include "metric-text.h"
#include "palette-bar.h"
#include "row-label.h"
#include "tab-out.h"

#define PATCH_PIXELS 84

struct _EspLensPage
{
  GtkBox parent_instance;

  GtkWidget *back_button;
  GtkLabel *title;
  GtkSpinner *spinner;
  EspImageCanvas *canvas;
  GtkAspectFrame *map_frame;
  GtkPicture *map;
  GtkWidget *legend;
  GtkLabel *low, *high, *unit;
  EspPaletteBar *bar;
  GtkFlowBox *patches;
  GtkBox *body;
  GtkLabel *notes[ESP_LENS_N_PARTS];
  GtkListBox *lists[ESP_LENS_N_PARTS]; /* NULL where there is none */
};

G_DEFINE_FINAL_TYPE (EspLensPage, esp_lens_page, GTK_TYPE_BOX)

enum
{
  BACK,
  PATCH_ACTIVATED,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

static const struct
{
  const char *title, *list; /* list: its accessible name; NULL: words alone */
} parts[ESP_LENS_N_PARTS] = {
  [ESP_LENS_PATCHES] = { N_ ("Fires Most On"), NULL },
  [ESP_LENS_CLASSES] = { N_ ("Carries the Classes"), N_ ("Classes of the channel") },
  [ESP_LENS_BOXES] = { N_ ("In the Boxes of This Image"), N_ ("Boxes of the channel") },
  [ESP_LENS_PARTNERS] = { N_ ("Goes With"), NULL },
  [ESP_LENS_KEPT] = { N_ ("How Surely It Is Kept"), NULL },
  [ESP_LENS_COST] = { N_ ("What Cutting It Costs"), N_ ("Cost of cutting the channel") },
};

static void
on_back (GtkButton *button, EspLensPage *self)
{
  g_signal_emit (self, signals[BACK], 0);
}

static void
on_patch (GtkFlowBox *box, GtkFlowBoxChild *child, EspLensPage *self)
{
  g_signal_emit (self, signals[PATCH_ACTIVATED], 0, (guint) gtk_flow_box_child_get_index (child));
}

static gboolean
on_escape (GtkWidget *widget, GVariant *nothing, gpointer data)
{
  g_signal_emit (widget, signals[BACK], 0);
  return TRUE;
}

static void
esp_lens_page_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), ESP_TYPE_LENS_PAGE);
  G_OBJECT_CLASS (esp_lens_page_parent_class)->dispose (object);
}

static void
esp_lens_page_class_init (EspLensPageClass *klass)
{
  GtkWidgetClass *widget = GTK_WIDGET_CLASS (klass);
  GType type = G_TYPE_FROM_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_lens_page_dispose;
  g_type_ensure (ESP_TYPE_IMAGE_CANVAS);
  g_type_ensure (ESP_TYPE_PALETTE_BAR);
  gtk_widget_class_set_template_from_resource (widget, "/io/github/espalier/Espalier/ui/lens-page.ui");
  gtk_widget_class_bind_template_child (widget, EspLensPage, back_button);
  gtk_widget_class_bind_template_child (widget, EspLensPage, title);
  gtk_widget_class_bind_template_child (widget, EspLensPage, spinner);
  gtk_widget_class_bind_template_child (widget, EspLensPage, canvas);
  gtk_widget_class_bind_template_child (widget, EspLensPage, map_frame);
  gtk_widget_class_bind_template_child (widget, EspLensPage, map);
  gtk_widget_class_bind_template_child (widget, EspLensPage, legend);
  gtk_widget_class_bind_template_child (widget, EspLensPage, low);
  gtk_widget_class_bind_template_child (widget, EspLensPage, high);
  gtk_widget_class_bind_template_child (widget, EspLensPage, unit);
  gtk_widget_class_bind_template_child (widget, EspLensPage, bar);
  gtk_widget_class_bind_template_child (widget, EspLensPage, body);
  gtk_widget_class_bind_template_callback (widget, on_back);
  gtk_widget_class_add_binding (widget, GDK_KEY_Escape, 0, on_escape, NULL);
  gtk_widget_class_set_css_name (widget, "lenspage");
  signals[BACK] = g_signal_new ("back", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[PATCH_ACTIVATED] = g_signal_new ("patch-activated", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}

static GtkLabel *
add_label (EspLensPage *self, const char *text, const char *style)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_widget_add_css_class (label, style);
  gtk_box_append (self->body, label);
  return GTK_LABEL (label);
}

static void
add_patches (EspLensPage *self)
{
  self->patches = g_object_new (GTK_TYPE_FLOW_BOX, "accessible-role", GTK_ACCESSIBLE_ROLE_LIST, "selection-mode", GTK_SELECTION_SINGLE,
                                "activate-on-single-click", FALSE, "min-children-per-line", 3, "max-children-per-line", 9, NULL);
  esp_accessible_name (self->patches, _ ("Patches"));
  esp_tab_out (GTK_WIDGET (self->patches));
  g_signal_connect (self->patches, "child-activated", G_CALLBACK (on_patch), self);
  gtk_box_append (self->body, GTK_WIDGET (self->patches));
}

static void
add_part (EspLensPage *self, EspLensPart part)
{
  add_label (self, _ (parts[part].title), "heading");
  self->notes[part] = add_label (self, "", "caption");
  gtk_widget_add_css_class (GTK_WIDGET (self->notes[part]), "numeric");
  if (part == ESP_LENS_PATCHES)
    add_patches (self);
  if (parts[part].list == NULL)
    return;
  self->lists[part] = GTK_LIST_BOX (gtk_list_box_new ());
  gtk_list_box_set_selection_mode (self->lists[part], GTK_SELECTION_NONE);
  gtk_widget_add_css_class (GTK_WIDGET (self->lists[part]), "navigation-sidebar");
  esp_accessible_name (self->lists[part], _ (parts[part].list));
  esp_tab_out (GTK_WIDGET (self->lists[part]));
  gtk_box_append (self->body, GTK_WIDGET (self->lists[part]));
}

static void
esp_lens_page_init (EspLensPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  for (guint i = 0; i < ESP_LENS_N_PARTS; i++)
    add_part (self, (EspLensPart) i);
}

/** esp_lens_page_new: Returns: (transfer floating): of nothing yet. Thread: main. */
GtkWidget *
esp_lens_page_new (void)
{
  return g_object_new (ESP_TYPE_LENS_PAGE, NULL);
}

/** esp_lens_page_get_canvas: Returns: (transfer none): the picture in view under the channel's map. Thread: main. */
EspImageCanvas *
esp_lens_page_get_canvas (EspLensPage *self)
{
  return self->canvas;
}

/**
 * esp_lens_page_set_map:
 * @self: a page
 * @image: (nullable): the picture in view
 * @heatmap: (nullable): of the channel on it; NULL: not there yet
 * @low: where its colours begin
 * @high: where they end
 *
 * Over the picture, and alone beside it, where a few cells are seen that leaves and fruit would swallow; with its scale in numbers.
 * Thread: main.
 */
void
esp_lens_page_set_map (EspLensPage *self, EspImage *image, EspHeatmap *heatmap, float low, float high)
{
  g_autofree char *first = NULL;
  g_autofree char *last = NULL;
  g_autoptr (GdkTexture) texture = NULL;

  g_return_if_fail (ESP_IS_LENS_PAGE (self));
  esp_image_canvas_set_image (self->canvas, image);
  esp_image_canvas_set_heatmap (self->canvas, heatmap, low, high);
  texture = heatmap != NULL ? esp_heat_texture (heatmap, low, high, &low, &high) : NULL;
  gtk_picture_set_paintable (self->map, GDK_PAINTABLE (texture));
  if (image != NULL)
    gtk_aspect_frame_set_ratio (self->map_frame, (float) esp_image_get_width (image) / (float) esp_image_get_height (image));
  gtk_widget_set_visible (self->legend, heatmap != NULL);
  if (heatmap == NULL)
    return;
  first = esp_metric_number (low);
  last = esp_metric_number (high);
  gtk_label_set_label (self->low, first);
  gtk_label_set_label (self->high, last);
  gtk_label_set_label (self->unit, heatmap->unit != NULL ? heatmap->unit : "");
  esp_palette_bar_set_signed (self->bar, heatmap->is_signed);
}

/** esp_lens_page_set_title: @title: of what is looked at: its layer and channel. Thread: main. */
void
esp_lens_page_set_title (EspLensPage *self, const char *title)
{
  gtk_label_set_label (self->title, title);
}

/** esp_lens_page_set_busy: whether something is still on its way. Thread: main. */
void
esp_lens_page_set_busy (EspLensPage *self, gboolean busy)
{
  gtk_spinner_set_spinning (self->spinner, busy);
  gtk_widget_set_visible (GTK_WIDGET (self->spinner), busy);
}

/** esp_lens_page_set_note: the sentence of a part, dim until it is ready. Thread: main. */
void
esp_lens_page_set_note (EspLensPage *self, EspLensPart part, const char *text, gboolean is_ready)
{
  g_return_if_fail (ESP_IS_LENS_PAGE (self) && part < ESP_LENS_N_PARTS);
  gtk_label_set_label (self->notes[part], text);
  gtk_widget_set_visible (GTK_WIDGET (self->notes[part]), *text != '\0');
  if (is_ready)
    gtk_widget_remove_css_class (GTK_WIDGET (self->notes[part]), "dim-label");
  else
    gtk_widget_add_css_class (GTK_WIDGET (self->notes[part]), "dim-label");
}

/** esp_lens_page_set_lines: the rows of a part. Thread: main. */
void
esp_lens_page_set_lines (EspLensPage *self, EspLensPart part, const EspLine *lines, guint n)
{
  g_return_if_fail (ESP_IS_LENS_PAGE (self) && part < ESP_LENS_N_PARTS && self->lists[part] != NULL);
  esp_line_list_fill (self->lists[part], lines, n);
  gtk_widget_set_visible (GTK_WIDGET (self->lists[part]), n > 0);
}

static GtkWidget *
make_patch (const char *name)
{
  GtkWidget *child = g_object_new (GTK_TYPE_FLOW_BOX_CHILD, "accessible-role", GTK_ACCESSIBLE_ROLE_LIST_ITEM, NULL);
  GtkWidget *picture = g_object_new (GTK_TYPE_PICTURE, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);

  gtk_widget_set_size_request (picture, PATCH_PIXELS, PATCH_PIXELS);
  gtk_flow_box_child_set_child (GTK_FLOW_BOX_CHILD (child), picture);
  gtk_widget_set_tooltip_text (child, name);
  esp_accessible_name (child, name);
  return child;
}

/** esp_lens_page_set_patches: @n places, their pictures to come. Thread: main. */
void
esp_lens_page_set_patches (EspLensPage *self, const char *const *names, guint n)
{
  g_autofree char *total = g_strdup_printf (ngettext ("%u patch", "%u patches", n), n);

  for (GtkFlowBoxChild *child; (child = gtk_flow_box_get_child_at_index (self->patches, 0)) != NULL;)
    gtk_flow_box_remove (self->patches, GTK_WIDGET (child));
  for (guint i = 0; i < n; i++)
    gtk_flow_box_append (self->patches, make_patch (names[i]));
  gtk_widget_set_visible (GTK_WIDGET (self->patches), n > 0);
  esp_accessible_describe (self->patches, total);
}

/** esp_lens_page_set_patch: @texture: the picture of place @patch of esp_lens_page_set_patches(); of one that is no more, nothing.
 * Thread: main. */
void
esp_lens_page_set_patch (EspLensPage *self, guint patch, GdkTexture *texture)
{
  GtkFlowBoxChild *child = gtk_flow_box_get_child_at_index (self->patches, (int) patch);

  if (child != NULL)
    gtk_picture_set_paintable (GTK_PICTURE (gtk_flow_box_child_get_child (child)), GDK_PAINTABLE (texture));
}

/** esp_lens_page_take_focus: the keyboard is on it, so that Escape leaves. Thread: main. */
void
esp_lens_page_take_focus (EspLensPage *self)
{
  gtk_widget_grab_focus (self->back_button);
}
