package android.webkit;

import android.content.Context;
import android.view.View;

public class WebView extends View {
  private final WebSettings settings = new WebSettings();

  public WebView(Context context) {
    System.out.println("WebView " + context.getClass().getName());
  }

  public WebSettings getSettings() {
    return settings;
  }

  public void loadUrl(String url) {
    System.out.println("WebView.loadUrl " + url);
  }
}
