/* lens-page.h: one channel looked at: its map, where it fires, what it carries, what goes with it, what cutting it costs */
#pragma once

#include "image-canvas.h"
#include "line-list.h"

G_BEGIN_DECLS

#define ESP_TYPE_LENS_PAGE (esp_lens_page_get_type ())
G_DECLARE_FINAL_TYPE (EspLensPage, esp_lens_page, ESP, LENS_PAGE, GtkBox)

/* Each comes when it is ready; until then its words are dim. */
typedef enum
{
  ESP_LENS_PATCHES,
  ESP_LENS_CLASSES,
  ESP_LENS_BOXES,
  ESP_LENS_PARTNERS,
  ESP_LENS_KEPT,
  ESP_LENS_COST,
  ESP_LENS_N_PARTS,
} EspLensPart;

/* Signals: "back" (the picture is wanted again), "patch-activated" (uint). */
GtkWidget      *esp_lens_page_new         (void);
EspImageCanvas *esp_lens_page_get_canvas  (EspLensPage       *page);  /* (transfer none): of its map over the picture in view */
void            esp_lens_page_set_map     (EspLensPage       *page,
                                           EspImage          *image,   /* (nullable) */
                                           EspHeatmap        *heatmap, /* (nullable) */
                                           float              low,
                                           float              high);
void            esp_lens_page_set_title   (EspLensPage       *page,
                                           const char        *title);
void            esp_lens_page_set_busy    (EspLensPage       *page,
                                           gboolean           busy);
void            esp_lens_page_set_note    (EspLensPage       *page,
                                           EspLensPart        part,
                                           const char        *text,
                                           gboolean           is_ready);
void            esp_lens_page_set_lines   (EspLensPage       *page,   /* not of PATCHES */
                                           EspLensPart        part,
                                           const EspLine     *lines,
                                           guint              n);
void            esp_lens_page_set_patches (EspLensPage       *page,
                                           const char *const *names,  /* each for a screen reader */
                                           guint              n);
void            esp_lens_page_set_patch   (EspLensPage       *page,
                                           guint              patch,
                                           GdkTexture        *texture);
void            esp_lens_page_take_focus  (EspLensPage       *page);

G_END_DECLS
