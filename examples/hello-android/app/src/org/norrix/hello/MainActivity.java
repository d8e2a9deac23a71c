package org.norrix.hello;

import android.app.Activity;
import android.os.Bundle;
import android.webkit.WebSettings;
import android.webkit.WebView;
import java.io.File;

/** The whole app: a web view over assets/app, or over a newer copy of it in the app's own files. */
public final class MainActivity extends Activity {
  @Override
  protected void onCreate(Bundle state) {
    super.onCreate(state);
    File update = new File(getFilesDir(), "app/index.html");

    WebView view = new WebView(this);
    view.setBackgroundColor(0); // transparent: the window's colour shows until the page is drawn, not white
    WebSettings settings = view.getSettings();
    settings.setJavaScriptEnabled(true);
    settings.setAllowFileAccess(update.isFile()); // assets need none of it; files do since targetSdk 30

    view.loadUrl(startPage(update));
    setContentView(view);
  }

  /** An update is a full set of pages put into files/app; without one, the pages inside the APK are shown. */
  private static String startPage(File update) {
    if (!update.isFile()) {
      return "file:///android_asset/app/index.html";
    }
    return "file://".concat(update.getPath());
  }
}
