/* open-sheet.h: what was found for a study and what is missing, with a button for each */
#pragma once

#include <adwaita.h>

#include "study/study.h"

G_BEGIN_DECLS

#define ESP_TYPE_OPEN_SHEET (esp_open_sheet_get_type ())
G_DECLARE_FINAL_TYPE (EspOpenSheet, esp_open_sheet, ESP, OPEN_SHEET, AdwWindow)

/* Signal "answered": the person wants these files opened; closing the sheet asks for nothing. */
EspOpenSheet        *esp_open_sheet_new       (GtkWindow           *parent,
                                               const EspStudyFiles *files);  /* copied */
const EspStudyFiles *esp_open_sheet_get_files (EspOpenSheet        *sheet);

G_END_DECLS
